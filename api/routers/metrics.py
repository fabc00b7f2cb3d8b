"""Figures for operators, in the form that Prometheus reads. It is no part of the public API."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from api.observe.metrics import ServiceCollector
from api.observe.traffic import Traffic

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def get_metrics(request: Request) -> Response:
    """Requests, kept answers, the release, runs and the database; as OpenMetrics where that is accepted."""
    traffic: Traffic = request.app.state.traffic
    traffic.work_off()
    registry = CollectorRegistry(auto_describe=False)
    collector: ServiceCollector = request.app.state.metrics
    registry.register(collector)
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), media_type=media_type, headers={"Cache-Control": "no-store"})
