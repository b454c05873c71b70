# OpenAI Agents SDK through OpenInference; needs openai-agents, openinference-instrumentation-openai-agents and
# opentelemetry-exporter-otlp-proto-http.
from recorded import MODEL, finish, tracer_provider

provider = tracer_provider()
from agents import Agent, Runner, function_tool
from agents.tracing import set_trace_processors
from openinference.instrumentation import using_attributes
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

set_trace_processors([])  # its own goes to OpenAI
OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)


@function_tool
def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"20 degrees in {city}"


agent = Agent(name="assistant", instructions="be brief", model=MODEL, tools=[get_weather])
with using_attributes(user_id="user-1", session_id="session-1", tags=["a", "b"]):
    Runner.run_sync(agent, "weather?")
finish(provider, "openai-agents", "openinference-instrumentation-openai-agents", "opentelemetry-sdk")
