# LiteLLM's callback `langfuse_otel`; needs litellm, opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http.
import json
import os
import time
from importlib.metadata import version

os.environ.update(
    LANGFUSE_PUBLIC_KEY="pk-lf-recorded",
    LANGFUSE_SECRET_KEY="sk-lf-recorded",
    LANGFUSE_OTEL_HOST=os.environ["RECORD_URL"],
    LITELLM_LOCAL_MODEL_COST_MAP="True",
    OTEL_SERVICE_NAME="recorded-service",
)
import litellm

litellm.callbacks = ["langfuse_otel"]
litellm.telemetry = False
litellm.suppress_debug_info = True
call = {"api_base": os.environ["MODEL_URL"], "api_key": "recorded", "num_retries": 0}
said = {
    "trace_id": "order-4711",
    "trace_name": "checkout",
    "trace_user_id": "user-1",
    "session_id": "session-1",
    "tags": ["a", "b"],
    "generation_name": "plan",
    "trace_metadata": {"tier": "gold"},
}
litellm.completion(model="openai/gpt-4o-mini", messages=[{"role": "user", "content": "hi"}], temperature=0.2, metadata=said, **call)
litellm.embedding(model="openai/text-embedding-3-small", input=["a"], **call)
try:
    litellm.completion(model="openai/gpt-4o-mini", messages=[{"role": "user", "content": "fail 400"}], **call)
except litellm.BadRequestError:
    pass
time.sleep(1)  # callbacks run on a thread of their own
from opentelemetry import trace

for callback in litellm.callbacks:
    provider = getattr(callback, "tracer_provider", None) or getattr(callback, "_tracer_provider", None)
    if provider is not None:
        provider.force_flush()
getattr(trace.get_tracer_provider(), "force_flush", lambda: None)()
time.sleep(6)  # the exporter's own interval, should the provider not be reachable
print(json.dumps({name: version(name) for name in ("litellm", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")}))
