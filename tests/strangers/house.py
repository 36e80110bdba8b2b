"""An appliance that stores elsewhere, and what is looked at there behind its back."""

from minio import Minio

from storage.layout import MARK
from tests.appliance.client import Project, wait_for
from tests.stack import Stack

NOTHING = "unexplained object versions 0\nmissing object versions 0"


class Bucket:
    """One bucket as its operator sees it."""

    def __init__(self, client: Minio, name: str) -> None:
        self._client, self.name = client, name

    def held(self) -> list[str]:
        """All keys, those of noncurrent versions and delete markers too; our mark aside."""
        found = self._client.list_objects(self.name, recursive=True, include_version=True)
        # An emptied folder may be shown for a while.
        return sorted({str(one.object_name) for one in found} - {MARK})

    def read(self, key: str) -> bytes:
        return bytes(self._client.get_object(self.name, key).read())

    def parts(self) -> list[str]:
        """The keys of uploads in parts that have not ended."""
        return [one.object_name for one in self._client._list_multipart_uploads(self.name).uploads]


def developed(project: Project, photo: bytes) -> dict:
    """The image that came of a photo which its client says it has sent."""
    image = project.upload(photo)
    assert project.api.post(f"/images/{image}/uploaded").status_code == 200
    return project.ended(image)


def gone(project: Project, image: str, bucket: Bucket) -> None:
    """Deletes an image, and waits until nothing of it is left."""
    assert project.api.delete(f"/images/{image}").status_code == 204
    wait_for(lambda: not [key for key in bucket.held() if image in key])


def verified(stack: Stack, *arguments: str) -> str:
    """What a clean verification said."""
    done = stack.verb("verify", "--grace", "0", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
