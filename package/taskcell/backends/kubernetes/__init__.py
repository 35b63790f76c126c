"""Runs as Jobs of a Kubernetes cluster: the driver is one, and so is each worker. Only home of the Kubernetes client."""

from taskcell.backends.kubernetes.backend import KubernetesBackend as KubernetesBackend
