# Traceloop's Python SDK (OpenLLMetry); needs traceloop-sdk, openai and httpx.
import os

os.environ.update(TRACELOOP_TELEMETRY="false", TRACELOOP_METRICS_ENABLED="false")
from recorded import MODEL, RECORD_URL, finish

from openai import OpenAI
from opentelemetry import trace
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, task, tool, workflow

Traceloop.init(
    app_name="recorded-service",
    api_endpoint=RECORD_URL,
    api_key="recorded",
    resource_attributes={"service.version": "1.2.3", "deployment.environment.name": "staging"},
)
openai = OpenAI(max_retries=0)
weather = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@tool(name="get_weather")
def get_weather(city):
    return {"city": city, "celsius": 20}


@task(name="look-up")
def look_up(question):
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": question}]
    openai.chat.completions.create(model=MODEL, temperature=0.2, tools=[weather], messages=messages)
    get_weather(city="Paris")
    stream = openai.chat.completions.create(
        model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


@agent(name="assistant")
def assistant(question):
    return look_up(question)


@workflow(name="checkout")
def checkout(order):
    Traceloop.set_association_properties({"user_id": "user-1", "session_id": "session-1", "tier": "gold"})
    return assistant(f"weather for {order}?")


checkout("4711")
finish(trace.get_tracer_provider(), "traceloop-sdk", "openai", "opentelemetry-sdk")
