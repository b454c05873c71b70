# LlamaIndex through OpenInference; needs llama-index-core, llama-index-llms-openai-like,
# openinference-instrumentation-llama-index and opentelemetry-exporter-otlp-proto-http.
from recorded import MODEL, MODEL_URL, finish, tracer_provider

provider = tracer_provider()
from llama_index.core import Document, SummaryIndex
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from openinference.instrumentation import using_attributes
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

LlamaIndexInstrumentor().instrument(tracer_provider=provider)


def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"20 degrees in {city}"


llm = OpenAILike(
    model=MODEL, api_base=MODEL_URL, api_key="recorded", is_chat_model=True, is_function_calling_model=True, temperature=0.2
)
with using_attributes(user_id="user-1", session_id="session-1", tags=["a", "b"]):
    tool = FunctionTool.from_defaults(get_weather)
    said = llm.chat_with_tools([tool], user_msg="weather?")
    call = llm.get_tool_calls_from_response(said)[0]
    tool.call(**call.tool_kwargs)
    SummaryIndex.from_documents([Document(text="It is 20 degrees in Paris.")]).as_query_engine(llm=llm).query("weather?")
finish(provider, "llama-index-core", "openinference-instrumentation-llama-index", "opentelemetry-sdk")
