from tests.openapi.node import HERE, run_node_program


def test_a_linter_of_openapi_documents_finds_nothing(document_file):
    done = run_node_program("redocly", "lint", "--config", HERE / "redocly.yaml", document_file)

    assert "is valid" in done.stdout + done.stderr
