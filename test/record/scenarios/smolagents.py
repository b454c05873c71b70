# smolagents through OpenInference; needs smolagents, openai, openinference-instrumentation-smolagents and
# opentelemetry-exporter-otlp-proto-http.
from recorded import MODEL, MODEL_URL, finish, tracer_provider

provider = tracer_provider()
from openinference.instrumentation import using_attributes
from openinference.instrumentation.smolagents import SmolagentsInstrumentor
from smolagents import OpenAIServerModel, ToolCallingAgent, tool

SmolagentsInstrumentor().instrument(tracer_provider=provider)


@tool
def get_weather(city: str) -> str:
    """Weather of a city.

    Args:
        city: its name
    """
    return f"20 degrees in {city}"


model = OpenAIServerModel(model_id=MODEL, api_base=MODEL_URL, api_key="recorded")
agent = ToolCallingAgent(tools=[get_weather], model=model, max_steps=1, instructions="be brief")
agent.prompt_templates["system_prompt"] = "be brief"  # the default is pages long
with using_attributes(user_id="user-1", session_id="session-1", tags=["a", "b"]):
    agent.run("weather?")
finish(provider, "smolagents", "openinference-instrumentation-smolagents", "opentelemetry-sdk")
