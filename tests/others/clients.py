"""The programs that people use with S3, each as its manual says: what they need is in their environment or a file."""

import json
import os
import subprocess
import sysconfig
from abc import ABC, abstractmethod
from pathlib import Path

import boto3
from botocore.config import Config

from storage.keys import Key
from storage.signing import REGION
from tests.others.conftest import House

PROGRAMS = Path(sysconfig.get_path("scripts"))
PART = 5 * 1024 * 1024
"""The smallest part of an upload that S3 takes."""


class Client(ABC):
    """One program with the key of one bucket."""

    def __init__(self, house: House, bucket: str, key: Key, folder: Path) -> None:
        self.house, self.bucket, self.key, self.folder = house, bucket, key, folder

    @abstractmethod
    def put(self, path: Path, name: str) -> None:
        """Uploads a file; in parts of PART if it is larger."""

    @abstractmethod
    def get(self, name: str) -> bytes: ...

    @abstractmethod
    def names(self, prefix: str) -> list[str]: ...

    @abstractmethod
    def link(self, name: str) -> str:
        """A presigned link to read an object by."""

    @abstractmethod
    def delete(self, name: str) -> None: ...

    def run(self, *command: str, **environment: str) -> str:
        """What one of the programs says. Fails with what it complains of."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8", **environment}
        program = str(PROGRAMS / command[0])
        done = subprocess.run([program, *command[1:]], env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


class Boto3(Client):
    def __init__(self, house: House, bucket: str, key: Key, folder: Path, config: Config | None = None) -> None:
        super().__init__(house, bucket, key, folder)
        once = Config(retries={"total_max_attempts": 1})
        self.s3 = boto3.client(
            "s3",
            endpoint_url=house.url,
            aws_access_key_id=key.access,
            aws_secret_access_key=key.secret,
            region_name=REGION,
            verify=str(house.authority) if house.authority else None,
            config=once.merge(config) if config else once,
        )

    def put(self, path: Path, name: str) -> None:
        parts = boto3.s3.transfer.TransferConfig(multipart_threshold=PART + 1, multipart_chunksize=PART)
        self.s3.upload_file(str(path), self.bucket, name, Config=parts)

    def get(self, name: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.bucket, Key=name)["Body"].read())

    def names(self, prefix: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def link(self, name: str) -> str:
        return str(self.s3.generate_presigned_url("get_object", {"Bucket": self.bucket, "Key": name}, ExpiresIn=300))

    def delete(self, name: str) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=name)


class Awscli(Client):
    def aws(self, *arguments: str) -> str:
        trust = {"AWS_CA_BUNDLE": str(self.house.authority)} if self.house.authority else {}
        config = self.folder / "aws"
        config.write_text(f"[default]\ns3 =\n  multipart_threshold = {PART + 1}\n  multipart_chunksize = {PART}\n")
        return self.run(
            "aws",
            *arguments,
            AWS_CONFIG_FILE=str(config),
            AWS_ACCESS_KEY_ID=self.key.access,
            AWS_SECRET_ACCESS_KEY=self.key.secret,
            AWS_ENDPOINT_URL=self.house.url,
            AWS_REGION=REGION,
            AWS_DEFAULT_REGION=REGION,
            AWS_MAX_ATTEMPTS="1",
            **trust,
        )

    def put(self, path: Path, name: str) -> None:
        self.aws("s3", "cp", "--no-progress", str(path), f"s3://{self.bucket}/{name}")

    def get(self, name: str) -> bytes:
        target = self.folder / "got"
        self.aws("s3", "cp", "--no-progress", f"s3://{self.bucket}/{name}", str(target))
        return target.read_bytes()

    def names(self, prefix: str) -> list[str]:
        which = ["--bucket", self.bucket, "--prefix", prefix, "--query", "Contents[].Key", "--output", "json"]
        return json.loads(self.aws("s3api", "list-objects-v2", *which)) or []

    def link(self, name: str) -> str:
        return self.aws("s3", "presign", f"s3://{self.bucket}/{name}", "--expires-in", "300").strip()

    def delete(self, name: str) -> None:
        self.aws("s3", "rm", f"s3://{self.bucket}/{name}")


class Rclone(Client):
    def rclone(self, *arguments: str) -> str:
        settings = {
            "TYPE": "s3",
            "PROVIDER": "Minio",
            "ENDPOINT": self.house.url,
            "REGION": REGION,
            "ACCESS_KEY_ID": self.key.access,
            "SECRET_ACCESS_KEY": self.key.secret,
            "UPLOAD_CUTOFF": str(PART),
            "CHUNK_SIZE": str(PART),
        }
        trust = ["--ca-cert", str(self.house.authority)] if self.house.authority else []
        environment = {f"RCLONE_CONFIG_HERE_{name}": value for name, value in settings.items()}
        return self.run("rclone", *arguments, *trust, "--retries=1", "--config", "", **environment)

    def put(self, path: Path, name: str) -> None:
        self.rclone("copyto", str(path), f"here:{self.bucket}/{name}")

    def get(self, name: str) -> bytes:
        target = self.folder / "got"
        self.rclone("copyto", f"here:{self.bucket}/{name}", str(target), "--ignore-times")
        return target.read_bytes()

    def names(self, prefix: str) -> list[str]:
        listed = self.rclone("lsf", "--recursive", "--files-only", f"here:{self.bucket}/{prefix}")
        return [prefix + name for name in listed.splitlines()]

    def link(self, name: str) -> str:
        return self.rclone("link", "--expire", "300s", f"here:{self.bucket}/{name}").strip()

    def delete(self, name: str) -> None:
        self.rclone("deletefile", f"here:{self.bucket}/{name}")


class S3cmd(Client):
    def s3cmd(self, *arguments: str) -> str:
        host = self.house.url.partition("://")[2]
        settings = {
            "access_key": self.key.access,
            "secret_key": self.key.secret,
            "host_base": host,
            "host_bucket": host,
            "bucket_location": REGION,
            "use_https": str(bool(self.house.authority)),
            "multipart_chunk_size_mb": "5",
            "max_retries": "1",
        }
        if self.house.authority:
            settings |= {"ca_certs_file": str(self.house.authority), "signurl_use_https": "True"}
        config = self.folder / "s3cfg"
        config.touch(0o600)
        config.write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
        return self.run("s3cmd", "--config", str(config), "--no-progress", *arguments)

    def put(self, path: Path, name: str) -> None:
        self.s3cmd("put", str(path), f"s3://{self.bucket}/{name}")

    def get(self, name: str) -> bytes:
        target = self.folder / "got"
        self.s3cmd("get", "--force", f"s3://{self.bucket}/{name}", str(target))
        return target.read_bytes()

    def names(self, prefix: str) -> list[str]:
        lines = self.s3cmd("ls", "--recursive", f"s3://{self.bucket}/{prefix}").splitlines()
        return [line.partition(f"s3://{self.bucket}/")[2] for line in lines]

    def link(self, name: str) -> str:
        return self.s3cmd("signurl", f"s3://{self.bucket}/{name}", "+300").strip()

    def delete(self, name: str) -> None:
        self.s3cmd("del", f"s3://{self.bucket}/{name}")


ALL = [Boto3, Awscli, Rclone, S3cmd]
