"""Reads remote files on a worker through Hadoop's own clients (hdfs, s3a, abfs, gs, ...), whatever their size.

A Python worker has no way into its executor's JVM, and Spark's `binaryFile` holds a whole file in memory (2 GiB at
most). So each Python worker that meets a remote file starts one small JVM with the same classes and settings, and asks
it, over loopback and with a token, to copy one file at a time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

#: Heap of the copying JVM. Clients buffer little: a block or two.
HEAP = "256m"


class HadoopCopier:
    """Copies files to this machine. One per Python worker, kept from task to task."""

    def __init__(self, settings: dict[str, str], folder: str):
        """`settings` are the Hadoop properties of the driver; `folder` is where shipped jars lie."""
        self._settings = settings
        self._folder = folder
        self._gateway: Any = None
        self._configuration: Any = None

    def __call__(self, uri: str, target: str) -> None:
        if self._gateway is None:
            self._start()
        jvm = self._gateway.jvm
        path = jvm.org.apache.hadoop.fs.Path(uri)
        # The raw local file system writes no checksum files beside the copy.
        local = jvm.org.apache.hadoop.fs.Path("file://" + target)
        try:
            system = path.getFileSystem(self._configuration)
            system.copyToLocalFile(False, path, local, True)
        except Exception as problem:
            raise OSError(_cause(problem)) from None

    def _start(self) -> None:
        from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway
        from pyspark.find_spark_home import _find_spark_home

        jars = Path(os.environ.get("SPARK_HOME") or _find_spark_home()) / "jars"
        own = next(iter(sorted(jars.glob("py4j*.jar"))), None)
        if own is None:
            raise OSError(f"{jars} has no py4j, which fetching remote files needs")
        classes = [f"{jars}/*", f"{self._folder}/*"]
        # The site's core-site.xml, as the executor has it.
        classes += [os.environ[name] for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR") if os.environ.get(name)]
        java = os.environ.get("JAVA_HOME")
        port, token = launch_gateway(
            jarpath=str(own),
            classpath=os.pathsep.join(classes),
            javaopts=[f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-Dlog4j2.level=ERROR"],
            java_path=str(Path(java) / "bin" / "java") if java else "java",
            die_on_exit=True,
            enable_auth=True,
            redirect_stderr=None,
        )
        self._gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token))
        self._configuration = self._gateway.jvm.org.apache.hadoop.conf.Configuration()
        for name, value in self._settings.items():
            self._configuration.set(name, value)


def _cause(problem: Exception) -> str:
    """The first line of a Java exception, without its stack."""
    java = getattr(problem, "java_exception", None)
    text = str(java.toString()) if java is not None else str(problem)
    return text.splitlines()[0] if text else type(problem).__name__


def settings_of(configuration: Any) -> dict[str, str]:
    """The properties of a Hadoop configuration that are not Hadoop's defaults."""
    settings: dict[str, str] = {}
    entries = configuration.iterator()
    while entries.hasNext():
        entry = entries.next()
        name = str(entry.getKey())
        sources = configuration.getPropertySources(name)
        defaults = sources is not None and all(str(source).endswith("-default.xml") for source in sources)
        if not defaults:
            value = configuration.get(name)
            if value is not None:
                settings[name] = str(value)
    return settings
