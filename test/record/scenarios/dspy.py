# DSPy through OpenInference's DSPy and LiteLLM instrumentations; needs dspy, both of them and
# opentelemetry-exporter-otlp-proto-http.
from recorded import MODEL, MODEL_URL, finish, tracer_provider

provider = tracer_provider()
import dspy
from openinference.instrumentation import using_attributes
from openinference.instrumentation.dspy import DSPyInstrumentor
from openinference.instrumentation.litellm import LiteLLMInstrumentor

DSPyInstrumentor().instrument(tracer_provider=provider)
LiteLLMInstrumentor().instrument(tracer_provider=provider)
dspy.configure(lm=dspy.LM(f"openai/{MODEL}", api_base=MODEL_URL, api_key="recorded", cache=False, temperature=0.2))
say = "[[ ## reasoning ## ]]\nIt is known.\n\n[[ ## answer ## ]]\nParis\n\n[[ ## completed ## ]]"
with using_attributes(user_id="user-1", session_id="session-1", tags=["a", "b"]):
    dspy.ChainOfThought("question -> answer")(question=f"capital? say <<{say}>>")
finish(provider, "dspy", "openinference-instrumentation-dspy", "openinference-instrumentation-litellm", "opentelemetry-sdk")
