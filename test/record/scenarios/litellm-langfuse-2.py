# LiteLLM's callback `langfuse` as most deployed proxies have it, on Python SDK 2; needs litellm 1.98 and langfuse<3.
import os

from recorded import MODEL, RECORD_URL, finish

os.environ.update(
    LANGFUSE_HOST=RECORD_URL,
    LANGFUSE_PUBLIC_KEY="pk-lf-recorded",
    LANGFUSE_SECRET_KEY="sk-lf-recorded",
    LITELLM_LOCAL_MODEL_COST_MAP="True",
)
import time

import litellm

litellm.success_callback = ["langfuse"]
litellm.failure_callback = ["langfuse"]
messages = [{"role": "user", "content": "What is the capital of France?"}]
metadata = {"trace_id": "conversation-4711", "trace_name": "question", "trace_user_id": "user-1", "session_id": "s", "tags": ["a"]}
litellm.completion(model=MODEL, messages=messages, metadata=metadata)
litellm.completion(model=MODEL, messages=messages, metadata={"existing_trace_id": "conversation-4711", "tags": ["b"]})
try:
    litellm.completion(model=MODEL, messages=[{"role": "user", "content": "fail 500"}], metadata=metadata, num_retries=0)
except Exception:
    pass
# It reports in a thread of its own.
time.sleep(3)


class Client:
    force_flush = staticmethod(lambda: None)
    shutdown = staticmethod(lambda: None)


finish(Client, "litellm", "langfuse")
