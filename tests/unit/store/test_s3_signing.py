"""Requests to a bucket without the client library: signatures as published, configuration that is understood, and what isn't."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from taskcell.store.s3 import configuring, signing, wording

WHOLE = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_ENDPOINT_URL": "http://minio:9000",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
AT = datetime(2013, 5, 24, tzinfo=UTC)


def _signature(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> str:
    headers = {"host": "examplebucket.s3.amazonaws.com", **headers}
    key, secret = WHOLE["AWS_ACCESS_KEY_ID"], WHOLE["AWS_SECRET_ACCESS_KEY"]
    signed = signing.signed(method, path, query, headers, body, at=AT, region="us-east-1", key=key, secret=secret)
    return signed["authorization"].rpartition("=")[2]


def test_published_examples_are_signed_as_published() -> None:
    """Source: *Signature Calculations for the Authorization Header*, Amazon S3 API Reference."""
    found = _signature("GET", "/test.txt", "", {"range": "bytes=0-9"}, b"")
    assert found == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    query = signing.query_of({"prefix": "J", "max-keys": "2"})
    found = _signature("GET", "/", query, {}, b"")
    assert found == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"


def test_names_are_sent_as_they_are_signed() -> None:
    assert signing.path_of("bucket", "a b/c+d~é") == "bucket/a%20b/c%2Bd~%C3%A9"
    assert signing.query_of({"prefix": "a/b c", "list-type": "2"}) == "list-type=2&prefix=a%2Fb%20c"


def test_whole_configuration_in_the_environment_is_a_place() -> None:
    place = configuring.place(WHOLE)
    assert place is not None
    assert (place.address, place.region, place.is_secure) == ("minio:9000", "us-east-1", False)
    secure = configuring.place({**WHOLE, "AWS_ENDPOINT_URL_S3": "https://[::1]/s3/", "AWS_DEFAULT_REGION": "eu-west-1"})
    assert secure is not None
    assert (secure.address, secure.port, secure.path, secure.region) == ("[::1]", 443, "/s3", "eu-west-1")


@pytest.mark.parametrize(
    "more",
    [
        {"AWS_PROFILE": "work"},
        {"AWS_ROLE_ARN": "arn:aws:iam::1:role/x"},
        {"AWS_SECRET_ACCESS_KEY": ""},
        {"AWS_ENDPOINT_URL": ""},
        {"AWS_ENDPOINT_URL": "http://user:word@minio:9000"},
        {"AWS_SOMETHING_NEW": "1"},
        {"HTTPS_PROXY": "http://proxy:3128"},
        {"FSSPEC_S3_ANON": "true"},
    ],
)
def test_anything_else_is_left_to_the_library(more: dict[str, str]) -> None:
    assert configuring.place({**WHOLE, **more}) is None


def test_a_configuration_file_is_left_to_the_library(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("[default]\ns3 =\n  addressing_style = virtual\n", encoding="utf-8")
    assert configuring.place({**WHOLE, "AWS_CONFIG_FILE": str(file)}) is None


def test_what_large_bodies_need_is_left_to_the_library() -> None:
    assert wording.is_known("put_object", {"Bucket": "b", "Key": "k", "Body": b"", "IfNoneMatch": "*", "Metadata": {}})
    assert not wording.is_known(
        "put_object", {"Bucket": "b", "Key": "k", "Body": b"", "ServerSideEncryption": "aws:kms"}
    )
    assert not wording.is_known("upload_part", {"Bucket": "b", "Key": "k", "Body": b""})
