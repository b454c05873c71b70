# The same under the newest conventions: the whole call on one log record. Needs what openai-v2-logs.py needs.
import os

os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
os.environ["OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT"] = "true"
os.environ["CAPTURE"] = "EVENT_ONLY"
import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).with_name("openai-v2-logs.py")))
