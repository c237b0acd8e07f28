"""TC_045_2_CS: an upload that fails is told; normal operation goes on."""

from host_tests.scenarios.steps import charging, remote_stop


def _fails(bench, location: str, within_s: float = 60) -> None:
    bench.call("GetDiagnostics", {"location": location, "retries": 0})
    bench.expect("DiagnosticsStatusNotification", status="Uploading")
    bench.expect("DiagnosticsStatusNotification", within_s=within_s, status="UploadFailed")


def test_no_such_folder(bench) -> None:
    _fails(bench, "ftp://depot.test/files/failedLocation")
    charging(bench)


def test_nobody_there(bench) -> None:
    _fails(bench, "ftp://127.0.0.1:21/files/failedLocation")
    charging(bench)


def test_a_server_that_says_nothing(bench) -> None:
    bench.files_server.hang = True
    _fails(bench, "http://depot.test/", within_s=120)
    charging(bench)


def test_retries_and_then_it_works(bench) -> None:
    request = {"location": "ftp://depot.test/late/", "retries": 3, "retryInterval": 20}
    bench.call("GetDiagnostics", request)
    bench.run(30)
    bench.files_server.folders.add("/late/")
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")


def test_a_session_comes_first(bench) -> None:
    bench.files_server.hang = True
    bench.call("GetDiagnostics", {"location": "http://depot.test/up/", "retries": 0})
    bench.expect("DiagnosticsStatusNotification", status="Uploading")
    bench.run(5)
    charging(bench)
    bench.files_server.hang = False
    bench.run(5)
    bench.files_server.files.clear()  # what had come before the line was cut
    bench.run(60)
    assert not bench.files_server.files
    remote_stop(bench)
    bench.command("unplug")
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")
    assert len(bench.files_server.files) == 1
