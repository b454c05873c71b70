# Google ADK with its own tracer and a model through LiteLLM; needs google-adk, litellm and
# opentelemetry-exporter-otlp-proto-http.
import asyncio
import os

os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS="true")
from recorded import MODEL, MODEL_URL, finish, tracer_provider

provider = tracer_provider()
from google.adk.agents import Agent
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import InMemoryRunner
from google.genai import types


def get_weather(city: str) -> dict:
    """Weather of a city."""
    return {"city": city, "celsius": 20}


async def main():
    model = LiteLlm(model=f"openai/{MODEL}", api_base=MODEL_URL, api_key="recorded")
    agent = Agent(name="assistant", model=model, instruction="be brief", tools=[get_weather])
    runner = InMemoryRunner(agent=agent, app_name="recorded")
    await runner.session_service.create_session(app_name="recorded", user_id="user-1", session_id="session-1")
    message = types.Content(role="user", parts=[types.Part(text="weather?")])
    async for _ in runner.run_async(user_id="user-1", session_id="session-1", new_message=message):
        pass


asyncio.run(main())
finish(provider, "google-adk", "litellm", "opentelemetry-sdk")
