"""Writes with a Python SDK what python-sdk.ts reads back; prints the ids as JSON."""

import json

from langfuse import get_client, observe, propagate_attributes
from langfuse.langchain import CallbackHandler
from stand_in_chain import ask

# One pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

langfuse = get_client()
# `assert` would not run under -O.
if not langfuse.auth_check():
    raise SystemExit("auth_check() failed")


@observe(as_type="retriever")
def lookup(country):
    return [f"{country} is a country", {"deep": [1, 2]}]


@observe(as_type="tool")
def book():
    raise ValueError("no seats left")


with langfuse.start_as_current_observation(name="guide", as_type="agent", input={"question": "capital of France"}) as agent:
    with propagate_attributes(
        user_id="user-1",
        session_id="session-python",
        tags=["travel", "eu"],
        metadata={"plan": "pro"},
        trace_name="question",
        version="7",
    ):
        lookup("France")
        with langfuse.start_as_current_observation(
            name="say it",
            as_type="generation",
            model="gpt-4o-mini",
            model_parameters={"temperature": 0.2, "max_tokens": 100},
            input=[{"role": "user", "content": "What is the capital of France?"}],
        ) as generation:
            generation.update(
                output={"role": "assistant", "content": "Paris"},
                usage_details={"input": 100, "input_cached_tokens": 20, "output": 48},
                metadata={"attempt": 2, "note": "text"},
            )
            generation.score(name="tone", value="friendly", data_type="CATEGORICAL")
        # The SDK cuts the image out, uploads it, and leaves a token in its place.
        with langfuse.start_as_current_observation(
            name="look",
            input=[{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}],
        ):
            pass
        try:
            book()
        except ValueError:
            pass
        ask(CallbackHandler())
        agent.score_trace(name="helpful", value=0.75, comment="said it in one word")
        agent.score_trace(name="safe", value=True, data_type="BOOLEAN")
    agent.update(output="Paris")

langfuse.flush()
print(
    json.dumps(
        {
            "traceId": agent.trace_id,
            "generationId": generation.id,
            "url": langfuse.get_trace_url(trace_id=agent.trace_id),
        }
    )
)
