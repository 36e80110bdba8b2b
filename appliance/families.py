"""Families of figures as Prometheus' client library makes them, under our prefix."""

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

PREFIX = "darkroom_"


def gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, told, labels=labels)


def counter(name: str, told: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(PREFIX + name, told, labels=labels)
