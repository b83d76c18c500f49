"""Reads the users with Airbyte's low-code CDK and writes its messages to standard output.

python airbyte_users.py BASE_URL PAGE_SIZE DIRECTORY
"""

import json
import os
import sys

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

base_url, page_size, directory = sys.argv[1], int(sys.argv[2]), sys.argv[3]

text = {"type": ["null", "string"]}
schema = {
    "type": "object",
    "properties": {name: text for name in ("id", "name", "email", "address", "company", "job", "createdAt", "updatedAt")},
}
manifest = {
    "version": "6.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["users"]},
    "streams": [{
        "type": "DeclarativeStream",
        "name": "users",
        "primary_key": ["id"],
        "schema_loader": {"type": "InlineSchemaLoader", "schema": schema},
        "retriever": {
            "type": "SimpleRetriever",
            "requester": {
                "type": "HttpRequester",
                "url_base": base_url,
                "path": "/pagination/keyset",
                "http_method": "GET",
            },
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {"type": "DpathExtractor", "field_path": ["data"]},
            },
            "paginator": {
                "type": "DefaultPaginator",
                "page_token_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "scroll_param"},
                "page_size_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "per_page"},
                "pagination_strategy": {
                    "type": "CursorPagination",
                    "page_size": page_size,
                    "cursor_value": "{{ response.get('scroll_param') }}",
                    "stop_condition": "{{ not response.get('scroll_param') }}",
                },
            },
        },
        "incremental_sync": {
            "type": "DatetimeBasedCursor",
            "cursor_field": "updatedAt",
            "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
            "start_datetime": "2000-01-01T00:00:00Z",
            "start_time_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "updated_since"},
        },
    }],
    "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
}
catalog = {"streams": [{
    "stream": {
        "name": "users",
        "json_schema": schema,
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": True,
        "default_cursor_field": ["updatedAt"],
    },
    "sync_mode": "incremental",
    "destination_sync_mode": "append",
}]}


def write(name, value):
    path = os.path.join(directory, name)
    with open(path, "w") as f:
        json.dump(value, f)
    return path


config, configured = write("config.json", {}), write("catalog.json", catalog)
arguments = ["read", "--config", config, "--catalog", configured]
source = YamlDeclarativeSource(path_to_yaml=write("manifest.yaml", manifest))
print("ready", flush=True)
launch(source, arguments)
