"""What the stand-in does for those who write: create, upload, commit, tag."""

import base64
import hashlib
import json

from tests.hub.standin.server import Handler, RefusedError
from tests.hub.standin.store import LARGE_BYTES, LARGE_SUFFIXES, Blob, Repository


def validate_yaml(request: Handler) -> None:
    """Find nothing wrong with a card."""
    request.answer({"errors": [], "warnings": []})


def create(request: Handler) -> None:
    """Make a repository of the user's own."""
    asked = request.json()
    if (user := request.user()) is None:
        raise RefusedError(401, "Invalid user token")
    owner = asked.get("organization") or user
    if owner != user:
        raise RefusedError(403, "You don't have the rights to create it")
    kind = f"{asked.get('type') or 'model'}s"
    name = f"{owner}/{asked['name']}"
    url = _url(request, kind, name)
    if (kind, name) in request.standin.store.repositories:
        return request.answer({"error": "You already created this repo", "url": url}, 409)
    private = bool(asked.get("private")) or asked.get("visibility") == "private"
    request.standin.store.repositories[kind, name] = Repository(kind, name, private)
    return request.answer({"url": url, "name": name, "id": name})


def preupload(request: Handler, kind: str, name: str, revision: str) -> None:
    """Say of each file how it is to be sent."""
    commit = request.commit_at(request.repository(kind, name, write=True), revision)
    said = []
    for file in request.json()["files"]:
        path = file["path"]
        large = file.get("size", 0) > LARGE_BYTES or path.endswith(LARGE_SUFFIXES)
        there = commit.tree.get(path)
        said.append(
            {
                "path": path,
                "uploadMode": "lfs" if large else "regular",
                "shouldIgnore": False,
                "oid": there.etag if there else None,
            }
        )
    request.answer({"files": said, "commitOid": commit.id})


def large_batch(request: Handler, kind: str, name: str) -> None:
    """Say of each large file where to put it, unless it is here."""
    request.repository(kind.rstrip("/") or "models", name, write=True)
    said = []
    for file in request.json()["objects"]:
        entry = {"oid": file["oid"], "size": file["size"]}
        if file["oid"] not in request.standin.store.large:
            entry["actions"] = {"upload": {"href": f"{request.standin.url}/_large/{file['oid']}", "header": {}}}
        said.append(entry)
    request.answer({"transfer": "basic", "objects": said})


def put_large(request: Handler, sha256: str) -> None:
    """Take a large file."""
    if hashlib.sha256(request.content).hexdigest() != sha256:
        raise RefusedError(400, "sha256 mismatch")
    request.standin.store.large[sha256] = request.content
    request.answer({})


def commit(request: Handler, kind: str, name: str, revision: str) -> None:
    """Commit all of the operations or none, if the parent is the newest commit."""
    repository = request.repository(kind, name, write=True)
    if revision not in repository.branches:
        raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    head = repository.commits[repository.branches[revision]]
    made = dict(head.tree)
    title = ""
    for line in filter(None, request.content.splitlines()):
        operation = json.loads(line)
        value = operation["value"]
        match operation["key"]:
            case "header":
                title = value["summary"]
                if value.get("parentCommit", head.id) != head.id:
                    raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
            case "file":
                made[value["path"]] = Blob(base64.b64decode(value["content"]))
            case "lfsFile":
                if value["oid"] not in request.standin.store.large:
                    raise RefusedError(400, f"{value['path']} was not uploaded")
                made[value["path"]] = Blob(request.standin.store.large[value["oid"]], large=True)
            case "deletedFile":
                if made.pop(value["path"], None) is None:
                    raise RefusedError(404, "Entry not found", "EntryNotFound")
    name_of = repository.commit(revision, title, made).id
    url = f"{_url(request, kind, name)}/commit/{name_of}"
    request.answer({"success": True, "commitOid": name_of, "commitUrl": url, "hookOutput": ""})


def tag(request: Handler, kind: str, name: str, revision: str) -> None:
    """Name a commit."""
    repository = request.repository(kind, name, write=True)
    wanted = request.json()["tag"]
    if wanted in repository.tags:
        raise RefusedError(409, "Tag reference exists already")
    repository.tags[wanted] = request.commit_at(repository, revision).id
    request.answer({})


def _url(request: Handler, kind: str, name: str) -> str:
    return f"{request.standin.url}/{'' if kind == 'models' else kind + '/'}{name}"


_API = r"/api/(?P<kind>models|datasets)/(?P<name>[^/]+/[^/]+)"
ROUTES = (
    (("POST",), r"/api/validate-yaml", validate_yaml),
    (("POST",), r"/api/repos/create", create),
    (("POST",), rf"{_API}/preupload/(?P<revision>.+)", preupload),
    (("POST",), rf"{_API}/commit/(?P<revision>.+)", commit),
    (("POST",), rf"{_API}/tag/(?P<revision>.+)", tag),
    (("POST",), r"/(?P<kind>datasets/)?(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", large_batch),
    (("PUT",), r"/_large/(?P<sha256>[0-9a-f]{64})", put_large),
)
