"""Triage of many Windows crash dumps and logs with `faultline` on Apache Spark."""

__version__ = "0.1.0"
