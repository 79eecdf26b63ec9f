"""What the stand-in answers to those who read."""

import re
from typing import Any
from urllib.parse import parse_qs

import yaml

from tests.hub.standin.server import Handler, RefusedError
from tests.hub.standin.store import Blob, Commit

_DATE = "2026-01-01T00:00:00.000Z"


def who_am_i(request: Handler) -> None:
    """Name the user."""
    if (user := request.user()) is None:
        raise RefusedError(401, "Invalid user token")
    request.answer({"type": "user", "id": user, "name": user, "fullname": user, "orgs": [], "isPro": False})


def info(request: Handler, kind: str, name: str, revision: str = "main") -> None:
    """Describe a repository at a revision."""
    repository = request.repository(kind, name)
    commit = request.commit_at(repository, revision)
    request.answer(
        {
            "_id": name,
            "id": name,
            "author": repository.owner,
            "sha": commit.id,
            "private": repository.private,
            "gated": False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "lastModified": _DATE,
            "createdAt": _DATE,
            "cardData": _card(commit),
            "siblings": [{"rfilename": path} for path in sorted(commit.tree)],
        }
    )


def refs(request: Handler, kind: str, name: str) -> None:
    """List branches and tags."""
    repository = request.repository(kind, name)
    request.answer(
        {
            "branches": _refs(repository.branches, "heads"),
            "tags": _refs(repository.tags, "tags"),
            "converts": [],
            "pullRequests": [],
        }
    )


def tree(request: Handler, kind: str, name: str, revision: str, path: str = "") -> None:
    """List files and folders below a path."""
    commit = request.commit_at(request.repository(kind, name), revision)
    recursive = request.query.get("recursive", "").lower() in ("true", "1")
    prefix = f"{path.strip('/')}/" if path.strip("/") else ""
    below = {file: blob for file, blob in sorted(commit.tree.items()) if file.startswith(prefix)}
    if prefix and not below:
        raise RefusedError(404, "Entry not found", "EntryNotFound")
    listed: dict[str, dict[str, Any]] = {}
    for file, blob in below.items():
        parts = file.removeprefix(prefix).split("/")
        for depth in range(1, len(parts) if recursive else min(2, len(parts))):
            folder = prefix + "/".join(parts[:depth])
            listed[folder] = _folder(folder)
        if recursive or len(parts) == 1:
            listed[file] = _file(file, blob)
    request.answer(list(listed.values()))


def paths_info(request: Handler, kind: str, name: str, revision: str) -> None:
    """Describe some paths."""
    commit = request.commit_at(request.repository(kind, name), revision)
    if "json" in request.headers.get("Content-Type", ""):
        paths = request.json()["paths"]
    else:
        paths = parse_qs(request.content.decode())["paths"]
    files = [_file(path, commit.tree[path]) for path in paths if path in commit.tree]
    folders = [
        _folder(path)
        for path in paths
        if path not in commit.tree and any(file.startswith(f"{path.rstrip('/')}/") for file in commit.tree)
    ]
    request.answer(files + folders)


def resolve(request: Handler, kind: str, name: str, revision: str, path: str) -> None:
    """Send a file, or the part of it that is asked for."""
    commit = request.commit_at(request.repository(kind.rstrip("/") or "models", name), revision)
    headers = {"X-Repo-Commit": commit.id}
    if path not in commit.tree:
        headers |= {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"}
        return request.answer({"error": "Entry not found"}, 404, headers)
    blob = commit.tree[path]
    headers |= {"ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}
    if blob.large:
        headers |= {"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": str(len(blob.data))}
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range") or "")
    if asked is None or request.command == "HEAD":
        return request.answer(blob.data, 200, headers)
    first, last = asked.groups()
    size = len(blob.data)
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return request.answer(blob.data[start : end + 1], 206, headers)


def _refs(names: dict[str, str], kind: str) -> list[dict[str, str]]:
    return [{"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit} for name, commit in names.items()]


def _file(path: str, blob: Blob) -> dict[str, Any]:
    said: dict[str, Any] = {"type": "file", "path": path, "size": len(blob.data), "oid": blob.git_id}
    if blob.large:
        said["lfs"] = {"oid": blob.sha256, "size": len(blob.data), "pointerSize": 134}
    return said


def _folder(path: str) -> dict[str, Any]:
    return {"type": "directory", "path": path, "size": 0, "oid": Blob(path.encode()).git_id}


def _card(commit: Commit) -> Any:
    card = commit.tree.get("README.md", Blob(b"")).data.decode()
    head = re.match(r"---\n(.*?)\n---", card, re.DOTALL)
    return yaml.safe_load(head[1]) if head else None


_API = r"/api/(?P<kind>models|datasets)/(?P<name>[^/]+/[^/]+)"
ROUTES = (
    (("GET",), r"/api/whoami-v2", who_am_i),
    (("GET", "HEAD"), _API, info),
    (("GET", "HEAD"), rf"{_API}/revision/(?P<revision>.+)", info),
    (("GET",), rf"{_API}/refs", refs),
    (("GET",), rf"{_API}/tree/(?P<revision>[^/]+)(?:/(?P<path>.*))?", tree),
    (("POST",), rf"{_API}/paths-info/(?P<revision>.+)", paths_info),
    (
        ("GET", "HEAD"),
        r"/(?P<kind>datasets/)?(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)",
        resolve,
    ),
)
