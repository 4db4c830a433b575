"""Requests for AWS, signed with look-alike keys inside and again with the real ones outside."""

import os
import time

import pytest

from lib import aws

IDENTITY = "AKIAREALREALREALREAL"
SECRET = "rEaL/secret+access0key1that2never3enters4"
HOSTS = ("s3.us-east-1.amazonaws.com", "demo.s3.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com")
ENV = ("export AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true AWS_PAGER= "
       "AWS_STS_REGIONAL_ENDPOINTS=regional; ")


@pytest.fixture
def bound(any_world):
    """Binds the real keys to AWS's hosts; returns the world, the site and the cloud behind it."""

    def make(token="", **binding):
        site = any_world.site(*HOSTS)
        cloud = aws.Cloud(IDENTITY, SECRET, token)
        cloud.attach(site)
        any_world.unlock()
        any_world.secret("aws/work", f"{IDENTITY}:{SECRET}" + (f":{token}" if token else ""))
        any_world.bind({"name": "aws", "host": "*.amazonaws.com", "scheme": "sigv4-resign",
                        "credential": "aws/work", **binding})
        return any_world, site, cloud

    return make


def _aws(world, script):
    result = world.shell(ENV + script, timeout=180)
    world.secret_free(result.stdout + result.stderr, SECRET)
    return result


def test_the_real_client(bound):
    """awscli cannot upload, list, download or ask who it is, or it holds the real keys."""
    world, site, cloud = bound()
    with open(os.path.join(world.workspace, "up.txt"), "w", encoding="utf-8") as file:
        file.write("some text\n" * 1000)
    world.give(os.path.join(world.workspace, "up.txt"))
    result = _aws(world, "echo $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY && "
                         "/usr/bin/aws s3 cp up.txt 's3://demo/a key+%41.txt' && "
                         "/usr/bin/aws s3 ls s3://demo/ && "
                         "/usr/bin/aws s3 cp 's3://demo/a key+%41.txt' down.txt && cmp up.txt down.txt && "
                         "/usr/bin/aws sts get-caller-identity --output text").ok()
    first = result.out.splitlines()[0].split()
    assert len(first) == 2 and IDENTITY not in first and SECRET not in first
    assert "arn:aws:iam::123456789012:user/real" in result.out
    assert cloud.problems == [] and cloud.objects["/a key+%41.txt"] == b"some text\n" * 1000
    assert {service for _, service, _ in cloud.checked} == {"s3", "sts"}


def test_a_session_token(bound):
    """A session token of the credential is not sent and signed, or reaches the sandbox."""
    token = "real/session+token=="
    world, _, cloud = bound(token=token)
    result = _aws(world, "env; echo data > f; /usr/bin/aws s3 cp f s3://demo/f && /usr/bin/aws sts get-caller-identity")
    assert result.rc == 0, result.describe()
    world.secret_free(result.stdout, token)
    assert cloud.problems == [] and cloud.objects["/f"] == b"data\n"


def test_a_presigned_url(bound):
    """A URL that awscli presigned with the look-alike does not open, or names the real key inside."""
    world, _, cloud = bound(token="tok/en+1")
    cloud.objects["/f"] = b"presigned\n"
    result = _aws(world, "url=$(/usr/bin/aws s3 presign s3://demo/f) && echo $url && curl -sS \"$url\"").ok()
    url, body = result.out.splitlines()
    assert "X-Amz-Signature=" in url and IDENTITY not in url
    assert body == "presigned", cloud.problems
    assert cloud.problems == []


@pytest.mark.parametrize("mode", ["chunks", "trailer", "unsigned-trailer", "hash"])
def test_uploads_in_chunks(bound, mode):
    """An upload in signed chunks does not arrive whole, or with signatures that hold."""
    world, site, cloud = bound()
    world.program("sigv4.py")
    client = world.program("aws_upload.py")
    size = 300_000
    result = world.launch("python3", client, HOSTS[0], mode, str(size)).ok()
    assert result.out.startswith("200 "), (result.out, cloud.problems)
    assert cloud.objects["/bucket/a key"] == bytes(index * 7 % 251 for index in range(size))
    assert site.seen()[0].header("Authorization")[0].startswith(f"AWS4-HMAC-SHA256 Credential={IDENTITY}/")


def test_chunks_that_cannot_be_signed_are_refused(bound):
    """Malformed or huge chunks reach the site as something whole."""
    world, _, cloud = bound()
    world.program("sigv4.py")
    client = world.program("aws_upload.py")
    for mode, size, chunk in (("broken", 100, 65536), ("chunks", 3 << 20, 2 << 20)):
        result = world.launch("python3", client, HOSTS[0], mode, str(size), str(chunk))
        assert result.out.startswith("400 ") and "cannot be signed again" in result.out, result.describe()
    assert cloud.objects == {}


def test_only_what_the_look_alike_signed_is_signed_again(bound):
    """A request that was not signed, or by another key, goes out with the real one's signature."""
    world, site, cloud = bound()
    script = (f"curl -sS -o /dev/null https://{HOSTS[0]}/none; "
              f"curl -sS -o /dev/null --aws-sigv4 aws:amz:us-east-1:s3 --user other:key https://{HOSTS[0]}/other; "
              f"curl -sS -o /dev/null -H \"X-Echo: $AWS_ACCESS_KEY_ID\" https://{HOSTS[0]}/echo; "
              f"curl -sS --aws-sigv4 aws:amz:us-east-1:s3 --user $AWS_ACCESS_KEY_ID:wrong https://{HOSTS[0]}/mine")
    _aws(world, script).ok()
    sent = {one.target: one.header("Authorization") for one in site.seen()}
    assert sent["/none"] == [] and sent["/echo"] == [] and IDENTITY not in sent["/other"][0]
    assert IDENTITY in sent["/mine"][0]
    assert len(cloud.problems) == 3


def test_a_binding_signs_for_its_region_and_service_and_for_now(bound):
    """A scope outside of the binding's, or a date far from now, is signed for."""
    world, site, cloud = bound(region="us-east-1", service="s3")
    script = "".join(f"curl --http1.1 -sSi --suppress-connect-headers --aws-sigv4 aws:amz:{region}:{service} --user $AWS_ACCESS_KEY_ID:x "
                     f"https://{HOSTS[0]}/ | head -1; "
                     for region, service in (("eu-west-1", "s3"), ("us-east-1", "iam")))
    old = time.strftime("%Y%m%d", time.gmtime(time.time() - 20 * 86400))
    query = (f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=$AWS_ACCESS_KEY_ID/{old}/us-east-1/s3/aws4_request"
             f"&X-Amz-Date={old}T000000Z&X-Amz-Expires=9&X-Amz-SignedHeaders=host&X-Amz-Signature=0")
    script += f"curl --http1.1 -sSi --suppress-connect-headers \"https://{HOSTS[0]}/?{query}\" | head -1"
    result = _aws(world, script).ok()
    lines = result.out.splitlines()
    assert len(lines) == 3 and all(line.startswith("HTTP/1.1 4") or line.startswith("HTTP/1.1 5") for line in lines)
    assert site.seen() == [] and cloud.checked == []


def test_keys_in_a_file(bound):
    """awscli does not find the look-alikes in ~/.aws/credentials."""
    world, _, cloud = bound(sentinel_file="~/.aws/credentials")
    result = _aws(world, "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; cat ~/.aws/credentials; "
                         "/usr/bin/aws sts get-caller-identity").ok()
    assert "[default]" in result.out and "user/real" in result.out and cloud.problems == []
