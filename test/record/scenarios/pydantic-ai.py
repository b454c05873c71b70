# Pydantic AI with Logfire sending to an endpoint of one's own; needs pydantic-ai-slim[openai] and logfire.
from recorded import MODEL, MODEL_URL, finish

import logfire

logfire.configure(
    send_to_logfire=False, service_name="recorded-service", service_version="1.2.3", environment="staging", console=False
)
logfire.instrument_pydantic_ai()
from opentelemetry import trace
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

model = OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=MODEL_URL, api_key="recorded"))
agent = Agent(model, name="weather_agent", instructions="be brief", model_settings={"temperature": 0.2})


@agent.tool_plain
def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"20 degrees in {city}"


with logfire.span("checkout of {order}", order="4711"):
    trace.get_current_span().set_attributes({"user.id": "user-1", "session.id": "session-1", "langfuse.tags": ["a", "b"]})
    agent.run_sync("weather?")
finish(logfire, "pydantic-ai-slim", "logfire", "opentelemetry-sdk")
