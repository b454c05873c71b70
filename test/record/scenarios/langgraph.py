# LangGraph through OpenInference's LangChain instrumentation; needs langgraph, langchain-openai,
# openinference-instrumentation-langchain and opentelemetry-exporter-otlp-proto-http.
from recorded import MODEL, MODEL_URL, finish, tracer_provider

provider = tracer_provider()
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from openinference.instrumentation import using_attributes
from openinference.instrumentation.langchain import LangChainInstrumentor

LangChainInstrumentor().instrument(tracer_provider=provider)


@tool
def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"20 degrees in {city}"


model = ChatOpenAI(model=MODEL, base_url=MODEL_URL, api_key="recorded", temperature=0.2).bind_tools([get_weather])
graph = StateGraph(MessagesState)
graph.add_node("assistant", lambda state: {"messages": [model.invoke(state["messages"])]})
graph.add_node("tools", ToolNode([get_weather]))
graph.add_edge(START, "assistant")
graph.add_conditional_edges("assistant", tools_condition)
graph.add_edge("tools", "assistant")
with using_attributes(user_id="user-1", session_id="session-1", tags=["a", "b"]):
    graph.compile().invoke({"messages": [("user", "weather?")]})
finish(provider, "langgraph", "langchain-openai", "openinference-instrumentation-langchain", "opentelemetry-sdk")
