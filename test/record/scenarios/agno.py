# Agno through OpenInference; needs agno, openai, openinference-instrumentation-agno and opentelemetry-exporter-otlp-proto-http.
from recorded import MODEL, MODEL_URL, finish, tracer_provider

provider = tracer_provider()
from agno.agent import Agent
from agno.models.openai import OpenAIChat
from openinference.instrumentation import using_attributes
from openinference.instrumentation.agno import AgnoInstrumentor

AgnoInstrumentor().instrument(tracer_provider=provider)


def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"20 degrees in {city}"


model = OpenAIChat(id=MODEL, base_url=MODEL_URL, api_key="recorded", temperature=0.2)
agent = Agent(name="assistant", model=model, tools=[get_weather], instructions="be brief", telemetry=False)
with using_attributes(user_id="user-1", session_id="session-1", tags=["a", "b"]):
    agent.run("weather?", user_id="user-1", session_id="session-1")
finish(provider, "agno", "openinference-instrumentation-agno", "opentelemetry-sdk")
