# The official OpenTelemetry instrumentation for OpenAI, which sends content as log records: by default one a message, with the
# opt-in one a call. Needs opentelemetry-instrumentation-openai-v2, openai, opentelemetry-exporter-otlp-proto-http.
import os

os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = os.environ.get("CAPTURE", "true")
from recorded import MODEL, MODEL_URL, RECORD_URL, finish, resource, tracer_provider

provider = tracer_provider()
from openai import OpenAI
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

logs = LoggerProvider(resource=resource())
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"{RECORD_URL}/v1/logs")))
set_logger_provider(logs)
OpenAIInstrumentor().instrument()
client = OpenAI(base_url=MODEL_URL, api_key="recorded", max_retries=0)

messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "What is the capital of France?"}]
client.chat.completions.create(model=MODEL, messages=messages, temperature=0.2)
tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}]
called = client.chat.completions.create(model=MODEL, messages=messages, tools=tools).choices[0].message
result = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "20 degrees"}
client.chat.completions.create(model=MODEL, messages=[*messages, called.model_dump(exclude_none=True), result], tools=tools)
list(client.chat.completions.create(model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}))
logs.force_flush()
logs.shutdown()
finish(provider, "opentelemetry-instrumentation-openai-v2", "openai", "opentelemetry-sdk")
