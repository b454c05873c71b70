"""Writes with Python SDK 2, which sends events, what python-sdk.ts reads back; prints the ids as JSON."""

import base64
import json
from datetime import datetime, timezone

from langfuse import Langfuse
from langfuse.decorators import langfuse_context, observe
from langfuse.media import LangfuseMedia
from stand_in_chain import ask

# One pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

langfuse = Langfuse()
# `assert` would not run under -O.
if not langfuse.auth_check():
    raise SystemExit("auth_check() failed")

trace = langfuse.trace(
    name="question",
    user_id="user-1",
    session_id="session-python",
    tags=["travel"],
    version="7",
    metadata={"plan": "pro"},
    input={"question": "capital of France"},
)
guide = trace.span(name="guide", input={"question": "capital of France"})
guide.span(name="lookup", input="France").end(output=["France is a country", {"deep": [1, 2]}])
generation = guide.generation(
    name="say it",
    model="gpt-4o-mini",
    model_parameters={"temperature": 0.2, "max_tokens": 100},
    input=[{"role": "user", "content": "What is the capital of France?"}],
)
# What ends and updates them comes in another request.
langfuse.flush()
generation.end(
    output={"role": "assistant", "content": "Paris"},
    usage_details={"input": 100, "input_cached_tokens": 20, "output": 48},
    metadata={"attempt": 2, "note": "text"},
)
generation.score(name="tone", value="friendly", data_type="CATEGORICAL")
image = LangfuseMedia(content_type="image/png", content_bytes=base64.b64decode(PIXEL))
guide.span(name="look", input=[{"type": "image_url", "image_url": {"url": image}}]).end()
guide.span(name="book").end(level="ERROR", status_message="no seats left")
guide.event(name="cache miss", level="WARNING", start_time=datetime.now(timezone.utc))
guide.end(output="Paris")
trace.update(output="Paris", tags=["eu"])
trace.score(name="helpful", value=0.75, comment="said it in one word")
trace.score(name="safe", value=1, data_type="BOOLEAN")

ask(trace.get_langchain_handler())
langfuse.flush()


@observe(as_type="generation")
def decorated(question):
    langfuse_context.update_current_observation(model="gpt-4o-mini", usage={"input": 100, "output": 48, "unit": "TOKENS"})
    langfuse_context.update_current_trace(user_id="user-2")
    return "Paris"


@observe()
def main():
    decorated("What is the capital of France?")
    return langfuse_context.get_current_trace_id()


decorated_id = main()
langfuse_context.flush()
print(
    json.dumps(
        {
            "traceId": trace.id,
            "generationId": generation.id,
            "decoratedId": decorated_id,
            "url": trace.get_trace_url(),
        }
    )
)
