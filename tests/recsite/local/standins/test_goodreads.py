"""The stand-in as a server: what it answers to others than our own sources, and how it starts."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import requests

from recsite.local.standins.faults import NOTES, Fault
from recsite.local.standins.goodreads import GoodreadsStandin
from recsite.local.standins.readers import sample_readers
from tests.recsite.local.standins.tiny_folder import write_tiny_folder

ITEM_FIELDS = (
    "guid pubDate title link book_id book_image_url book_small_image_url book_medium_image_url "
    "book_large_image_url book_description book author_name isbn user_name user_rating "
    "user_read_at user_date_added user_date_created user_shelves user_review average_rating "
    "book_published description"
)
TIMEOUT = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_folder(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with GoodreadsStandin(folder, hang_seconds=0.2).start() as standin:
        yield standin.url


def get(address: str, **headers: str) -> requests.Response:
    return requests.get(address, headers=headers, timeout=TIMEOUT, allow_redirects=False)


def test_its_front_page_lists_readers_and_faults(url: str, folder: Path) -> None:
    text = get(f"{url}/").text
    assert all(str(reader.user_id) in text for reader in sample_readers(folder, count=12))
    assert all(str(fault.value) in text for fault in NOTES)
    assert set(NOTES) == set(Fault)


def test_the_shape_of_the_feed(url: str) -> None:
    answer = get(f"{url}/review/list_rss/1?shelf=read")
    assert answer.headers["Content-Type"].startswith("application/xml")
    channel = fromstring(answer.content).find("channel")
    assert channel is not None
    tags = [child.tag.rpartition("}")[2] for child in channel]
    assert tags[:2] == ["meta", "title"]
    assert tags.index("lastBuildDate") < tags.index("ttl") < tags.index("image")
    assert channel.findtext("title", "").endswith("'s bookshelf: read")
    item = channel.find("item")
    assert item is not None
    assert [child.tag for child in item] == ITEM_FIELDS.split()
    assert item.find("book/num_pages") is not None


@pytest.mark.parametrize(
    ("query", "items"),
    [("", 100), ("per_page=50", 50), ("per_page=200", 200), ("per_page=500", 200), ("page=99", 0)],
)
def test_paging(query: str, items: int, url: str) -> None:
    answer = get(f"{url}/review/list_rss/{Fault.LONG_SHELF}?shelf=read&{query}")
    assert answer.text.count("<item>") == items


def test_conditional_requests(url: str) -> None:
    first = get(f"{url}/review/list_rss/1?shelf=read")
    again = get(f"{url}/review/list_rss/1?shelf=read", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["ETag"].startswith('W/"')


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/review/list_rss/77777", 404),
        ("/review/list/1.xml", 401),
        ("/review/list/1.xml?key=wrong", 401),
        ("/user/show/1", 200),
        ("/user/show/77777", 404),
        ("/nobody", 404),
        (f"/review/list_rss/{Fault.PRIVATE_AS_REDIRECT}", 302),
    ],
)
def test_status_codes(path: str, status: int, url: str) -> None:
    assert get(url + path).status_code == status


def test_a_hang_closes_the_connection_in_the_end(url: str) -> None:
    with pytest.raises(requests.ConnectionError):
        get(f"{url}/review/list_rss/{Fault.HANG}")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "recsite.local.standins.goodreads", "--data", str(folder)]
    return subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_started_on_its_own_it_tells_address_and_sample_reader(folder: Path) -> None:
    with start(folder) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.partition(" at ")[2].partition(";")[0]
        reader = sample_readers(folder, count=1)[0]
        assert line.endswith(f"sample reader: {reader.user_id}\n")
        assert get(f"{address}/user/show/{reader.user_id}").status_code == 200
        process.terminate()


def test_a_busy_port_is_told_in_a_sentence(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with start(folder, "--port", str(port)) as process:
            _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.startswith("The stand-in for Goodreads cannot start:")
    assert "Traceback" not in errors


def test_a_missing_folder_is_told_in_a_sentence(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "name a folder of goodbooks-10k" in errors
    assert "Traceback" not in errors
