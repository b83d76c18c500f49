"""Reads the users with dlt's rest_api source into JSON lines files.

python dlt_users.py BASE_URL PAGE_SIZE DIRECTORY
"""

import os
import sys

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from dlt.destinations import filesystem
from dlt.sources.rest_api import rest_api_source

base_url, page_size, directory = sys.argv[1], int(sys.argv[2]), os.path.abspath(sys.argv[3])

source = rest_api_source({
    "client": {
        "base_url": base_url,
        "paginator": {"type": "cursor", "cursor_path": "scroll_param", "cursor_param": "scroll_param"},
    },
    "resources": [{
        "name": "users",
        "primary_key": "id",
        "write_disposition": "append",
        "endpoint": {
            "path": "pagination/keyset",
            "params": {"per_page": page_size},
            "data_selector": "data",
            "incremental": {
                "start_param": "updated_since",
                "cursor_path": "updatedAt",
                "initial_value": "0001-01-01T00:00:00Z",
            },
        },
    }],
})
pipeline = dlt.pipeline(
    pipeline_name="bench",
    pipelines_dir=os.path.join(directory, "pipelines"),
    destination=filesystem(bucket_url="file://" + os.path.join(directory, "out")),
    dataset_name="bench",
)
print("ready", flush=True)
pipeline.run(source, loader_file_format="jsonl")
