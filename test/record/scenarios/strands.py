# Strands Agents with its own tracer; needs strands-agents[openai,otel].
from recorded import MODEL, MODEL_URL, finish, tracer_provider

provider = tracer_provider()
from strands import Agent, tool
from strands.models.openai import OpenAIModel


@tool
def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"20 degrees in {city}"


model = OpenAIModel(client_args={"base_url": MODEL_URL, "api_key": "recorded"}, model_id=MODEL, params={"temperature": 0.2})
agent = Agent(
    model=model,
    name="assistant",
    tools=[get_weather],
    system_prompt="be brief",
    callback_handler=None,
    trace_attributes={"session.id": "session-1", "user.id": "user-1", "langfuse.tags": ["a", "b"]},
)
agent("weather?")
finish(provider, "strands-agents", "opentelemetry-sdk")
