"""Makes, fetches and links prompts with any Python SDK as python-prompts.ts expects; prints what it got as JSON."""

import json
import sys

import langfuse as package

asked = json.loads(sys.argv[1])
is_old = asked["release"].startswith("2.")
client = package.Langfuse()
api = client.client if is_old else client.api
got = {}


def told(prompt):
    return {
        "version": prompt.version,
        "labels": prompt.labels,
        "tags": prompt.tags,
        "config": prompt.config,
        "text": prompt.compile(name="Ada"),
        "isFallback": prompt.is_fallback,
    }


def refused(name, **how):
    try:
        client.get_prompt(name, **how)
    except Exception as error:
        return str(error)
    raise SystemExit(f"{name} should not be there")


name = "python/greeting €"
client.create_prompt(
    name=name, prompt="Hello {{name}}", labels=["production"], config={"model": "gpt-4o-mini"}, tags=["a"]
)
client.create_prompt(name=name, prompt="Hi {{name}}", labels=["staging"])
got["default"] = told(client.get_prompt(name))
got["staging"] = told(client.get_prompt(name, label="staging"))
got["latest"] = told(client.get_prompt(name, label="latest"))
got["first"] = told(client.get_prompt(name, version=1))

chat = [{"role": "system", "content": "You help {{name}}."}, {"role": "user", "content": "{{question}}"}]
if not is_old:
    chat.insert(1, {"type": "placeholder", "name": "history"})
client.create_prompt(name="python/support/chat", type="chat", prompt=chat, labels=["production"])
chat_prompt = client.get_prompt("python/support/chat", type="chat")
history = {} if is_old else {"history": [{"role": "assistant", "content": "Hi"}]}
got["chat"] = chat_prompt.compile(name="Ada", question="Why?", **history)

client.update_prompt(name=name, version=2, new_labels=["production"])
# The SDK keeps the first for its time unless told otherwise; SDKs from 3 on forget a prompt that they change themselves.
got["moved"] = told(client.get_prompt(name, cache_ttl_seconds=0))

got["fallback"] = told(client.get_prompt("python/missing", fallback="Just say {{name}}", max_retries=1))
got["refused"] = refused("python/missing", max_retries=1)

got["users"] = {user: client.get_prompt(asked["prompt"], label=f"production@{user}").version for user in asked["users"]}
got["byQuery"] = {
    user: api.prompts.get(
        asked["prompt"], label="production", request_options={"additional_query_parameters": {"abKey": user}}
    ).version
    for user in asked["users"]
}

linked = client.get_prompt(asked["prompt"], label=f"production@{asked['users'][0]}")
if is_old:
    trace = client.trace(name="linked", user_id=asked["users"][0])
    trace.generation(name="say it", model="gpt-4o-mini", prompt=linked, output="Paris").end()
    got["traceId"] = trace.id
else:
    with client.start_as_current_observation(
        name="say it", as_type="generation", model="gpt-4o-mini", prompt=linked, output="Paris"
    ) as generation:
        got["traceId"] = generation.trace_id
client.flush()
print(json.dumps(got))
