# Python SDK 2 with its decorator and its callback handler of LangChain; needs langfuse<3 and langchain<1.
import os
import sys
from pathlib import Path

from recorded import RECORD_URL, finish

os.environ.update(LANGFUSE_HOST=RECORD_URL, LANGFUSE_PUBLIC_KEY="pk-lf-recorded", LANGFUSE_SECRET_KEY="sk-lf-recorded")
sys.path.append(str(Path(__file__).parents[2] / "python-sdk"))
from langfuse import Langfuse
from langfuse.decorators import langfuse_context, observe
from stand_in_chain import ask

langfuse = Langfuse(flush_at=4)
trace = langfuse.trace(name="question", user_id="user-1", tags=["travel"], metadata={"plan": "pro", "a": {"b": 1}})
guide = trace.span(name="guide", input={"question": "capital of France"})
generation = guide.generation(name="say it", model="gpt-4o-mini", model_parameters={"temperature": 0.2, "max_tokens": 100})
langfuse.flush()
generation.update(input=[{"role": "user", "content": "capital?"}], metadata={"attempt": 1})
generation.end(output="Paris", usage_details={"input": 100, "input_cached_tokens": 20, "output": 48}, metadata={"attempt": 2})
guide.event(name="cache miss", level="WARNING")
guide.end(output="Paris", level="ERROR", status_message="no seats left")
trace.update(output="Paris", tags=["eu"], session_id="session-1", metadata={"a": {"c": 2}})
trace.score(id="helpful-python", name="helpful", value=0.75)
trace.score(id="helpful-python", name="helpful", value=0.5, comment="second thought")
ask(trace.get_langchain_handler())
langfuse.flush()


@observe(as_type="generation")
def decorated(question):
    langfuse_context.update_current_observation(model="gpt-4o-mini", usage={"input": 100, "output": 48, "unit": "TOKENS"})
    langfuse_context.update_current_trace(user_id="user-2", tags=["decorated"])
    return "Paris"


@observe()
def main():
    return decorated("capital?")


main()
langfuse_context.flush()


class Client:
    force_flush = staticmethod(langfuse.flush)
    shutdown = staticmethod(langfuse.shutdown)


finish(Client, "langfuse", "langchain")
