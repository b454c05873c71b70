"""What the Python scenarios share: where to send, and a resource that says nothing about the machine that records."""

import json
import os
from importlib.metadata import version

RECORD_URL = os.environ["RECORD_URL"]
MODEL_URL = os.environ["MODEL_URL"]
MODEL = "gpt-4o-mini"

# Libraries that set up OpenTelemetry by themselves read these.
os.environ.update(
    OPENAI_API_KEY="recorded",
    OPENAI_BASE_URL=MODEL_URL,
    OPENAI_API_BASE=MODEL_URL,
    OTEL_EXPORTER_OTLP_ENDPOINT=RECORD_URL,
    OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
    OTEL_SERVICE_NAME="recorded-service",
    OTEL_EXPERIMENTAL_RESOURCE_DETECTORS="",
)


def resource():
    from opentelemetry.sdk.resources import Resource

    return Resource(
        {"service.name": "recorded-service", "service.version": "1.2.3", "deployment.environment.name": "staging"}
    )


def tracer_provider():
    """A provider that exports to the recorder, registered as the global one."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{RECORD_URL}/v1/traces")))
    trace.set_tracer_provider(provider)
    return provider


def finish(provider, *packages):
    """Ends a scenario: everything is sent, and the recorder learns what was used."""
    provider.force_flush()
    provider.shutdown()
    print(json.dumps({name: version(name) for name in packages}))
