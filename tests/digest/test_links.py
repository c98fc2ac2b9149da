"""Addresses as readers get them: without what follows them."""

import pytest

from digest.links import tracking_in, without_tracking


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://a.example/x?utm_source=rss&id=7&utm_campaign=b", "https://a.example/x?id=7"),
        ("https://a.example/x?UTM_Medium=feed", "https://a.example/x"),
        ("https://a.example/x?fbclid=1#part", "https://a.example/x#part"),
        ("https://a.example/x?at_medium=RSS&at_campaign=rss", "https://a.example/x"),
        ("https://a.example/x#xtor=RSS-3208", "https://a.example/x"),
        ("https://a.example/x?id=1#utm_source=rss&t=10", "https://a.example/x?id=1#t=10"),
        ("https://a.example/x?utm%5Fsource=rss", "https://a.example/x"),
        ("https://a.example/x?cmp=rss&cmpid=2", "https://a.example/x"),
        ("https://a.example/x?mc_cid=1&mc_eid=2&mc=3", "https://a.example/x?mc=3"),
    ],
)
def test_parameters_that_only_follow_readers_are_taken_out(url: str, clean: str) -> None:
    assert without_tracking(url) == clean
    assert tracking_in(url)
    assert tracking_in(clean) == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/x?ref=main&page=2&output_type=pdf",
        "https://a.example/x?b=%20c&a=1&&d",
        "https://a.example/x?at=noon&pk=4&ga=1",
        "https://a.example/utm_source=rss",
        "https://a.example/x?cmpi=1",
        "https://a.example/x#spm",
        "https://a.example/x#:~:text=a&utm_source",
        "https://a.example/x",
    ],
)
def test_whatever_a_page_may_need_stays_as_it_is_written(url: str) -> None:
    assert without_tracking(url) == url
    assert tracking_in(url) == ()
