# Haystack through OpenInference; needs haystack-ai, openinference-instrumentation-haystack and
# opentelemetry-exporter-otlp-proto-http.
import os
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
from recorded import MODEL, MODEL_URL, finish, tracer_provider

provider = tracer_provider()
from haystack import Pipeline
from haystack.components.builders import ChatPromptBuilder
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret
from openinference.instrumentation import using_attributes
from openinference.instrumentation.haystack import HaystackInstrumentor

HaystackInstrumentor().instrument(tracer_provider=provider)
pipeline = Pipeline()
template = [ChatMessage.from_system("be brief"), ChatMessage.from_user("weather in {{city}}?")]
pipeline.add_component("prompt", ChatPromptBuilder(template=template, required_variables=["city"]))
generator = OpenAIChatGenerator(
    model=MODEL, api_base_url=MODEL_URL, api_key=Secret.from_token("recorded"), generation_kwargs={"temperature": 0.2}
)
pipeline.add_component("llm", generator)
pipeline.connect("prompt.prompt", "llm.messages")
with using_attributes(user_id="user-1", session_id="session-1", tags=["a", "b"]):
    pipeline.run({"prompt": {"city": "Paris"}})
finish(provider, "haystack-ai", "openinference-instrumentation-haystack", "opentelemetry-sdk")
