"""Settings that are handed to another process as variables are the same there."""

from __future__ import annotations

import msgspec
import pytest

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.launches import launching
from taskcell.model.settings import KubernetesSettings, Settings

WHOLE = Settings(
    store="s3://b/p",
    project="churn",
    user="Ana María",
    trusted_stores=("s3://b/p", "s3://c"),
    max_workers=3,
    webhook="hooks/team",
    kubernetes=KubernetesSettings(
        namespace="tc-{project}", image="i@sha256:1", share_pods=False, cpu_cores=0.5, pod={"nodeSelector": {"a": "b"}}
    ),
)


def test_variables_give_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in configuration.variables(WHOLE).items():
        monkeypatch.setenv(name, value)
    assert configuration.settings() == WHOLE


def test_defaults_are_not_handed_on() -> None:
    assert configuration.variables(Settings()) == {}
    changed = msgspec.structs.replace(Settings(), project="x")
    assert configuration.variables(changed) == {"TASKCELL_PROJECT": "x"}


def test_a_pod_template_that_is_no_json_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKCELL_KUBERNETES_POD", "{")
    with pytest.raises(errors.InvalidInputError, match="TASKCELL_KUBERNETES_POD is not JSON"):
        configuration.settings()


@pytest.mark.parametrize("text", ["https://hook.example/a/b", "http://10.0.0.1:80", "hooks/team", None, ""])
def test_webhooks_that_can_be_told_are_taken(text: str | None) -> None:
    launching.check_webhook(text, has_secrets=True)


@pytest.mark.parametrize("text", ["ftp://x/y", "hooks", "a/b/c", "https://", "Hooks/team", "javascript:1"])
def test_a_webhook_that_is_none_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        launching.check_webhook(text, has_secrets=True)
    assert text not in str(caught.value)


def test_a_secret_can_be_named_only_where_there_are_secrets() -> None:
    with pytest.raises(errors.InvalidInputError):
        launching.check_webhook("hooks/team", has_secrets=False)
