"""A chain of LangChain over a model that answers by itself."""

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import ChatPromptTemplate


class StandIn(BaseChatModel):
    model: str = "gpt-4o-mini"
    temperature: float = 0.2

    @property
    def _llm_type(self):
        return "stand-in"

    @property
    def _identifying_params(self):
        return {"model": self.model, "temperature": self.temperature}

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        if "fail" in messages[-1].content:
            raise ValueError("asked to fail")
        usage = {"input_tokens": 120, "output_tokens": 48, "total_tokens": 168, "input_token_details": {"cache_read": 20}}
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="Paris", usage_metadata=usage))])


chain = ChatPromptTemplate.from_messages([("human", "{question}")]) | StandIn()


def ask(handler):
    """One chain that answers, and one that fails, under `handler`."""
    chain.invoke({"question": "What is the capital of France?"}, config={"callbacks": [handler], "run_name": "asked"})
    try:
        chain.invoke({"question": "fail"}, config={"callbacks": [handler], "run_name": "refused"})
    except ValueError:
        pass
