#!/usr/bin/env python3
"""Publishes a drawing straight to the queue and waits for the answer. Needs: pip install pika msgpack

    publish.py --file drawing.png                 inline, up to 256 KiB
    publish.py --url https://host/drawing.png     fetched by the worker
    publish.py --file drawing.png --json          JSON instead of MessagePack

Prints the answer as JSON; exit status 0 when the job completed.
"""

import argparse
import base64
import json
import os
import sys
import uuid

import msgpack
import pika

MAX_INLINE_BYTES = 256 * 1024


def source_of(arguments):
    """The `source` field: the drawing itself, or where it is."""
    if arguments.url:
        return {"url": arguments.url}
    with open(arguments.file, "rb") as file:
        drawing = file.read()
    if len(drawing) > MAX_INLINE_BYTES:
        sys.exit(f"{arguments.file} has {len(drawing)} bytes, at most {MAX_INLINE_BYTES} go inline: use --url or the HTTP API")
    return {"inline": base64.b64encode(drawing).decode() if arguments.json else drawing}


def message_of(arguments, job_id):
    """The job message and its content type."""
    message = {
        "v": 1,
        "job_id": job_id,
        "kind": "ocr.extract",
        "provider": arguments.provider,
        "options": {},
        "source": source_of(arguments),
        "filename": os.path.basename(arguments.file or arguments.url),
    }
    if arguments.json:
        return json.dumps(message).encode(), "application/json"
    return msgpack.packb(message), "application/msgpack"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--file", help="drawing to send inline")
    what.add_argument("--url", help="drawing for the worker to fetch")
    parser.add_argument("--amqp", default=os.environ.get("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2f"))
    parser.add_argument("--namespace", default=os.environ.get("NAMESPACE", "cad"))
    parser.add_argument("--provider", default="paddle")
    parser.add_argument("--lane", default="normal", choices=["high", "normal", "low"])
    parser.add_argument("--json", action="store_true", help="send JSON instead of MessagePack")
    parser.add_argument("--timeout", type=float, default=120, help="seconds to wait for the answer")
    arguments = parser.parse_args()

    connection = pika.BlockingConnection(pika.URLParameters(arguments.amqp))
    channel = connection.channel()
    # Confirms and `mandatory` together: without both, a message that no queue takes is lost in silence.
    channel.confirm_delivery()
    # A queue of our own for the answer. The fleet's queues are declared by the fleet, never here.
    reply_queue = channel.queue_declare("", exclusive=True).method.queue

    job_id = str(uuid.uuid4())
    correlation_id = str(uuid.uuid4())
    body, content_type = message_of(arguments, job_id)
    routing_key = f"ocr.{arguments.provider}.{arguments.lane}"
    try:
        channel.basic_publish(
            exchange=f"{arguments.namespace}.jobs",
            routing_key=routing_key,
            body=body,
            mandatory=True,
            properties=pika.BasicProperties(
                message_id=job_id,
                correlation_id=correlation_id,
                reply_to=reply_queue,
                content_type=content_type,
                type="cad.ocr.extract.v1",
                delivery_mode=2,
            ),
        )
    except pika.exceptions.UnroutableError:
        sys.exit(f"no queue takes {routing_key}: check provider, lane and namespace")
    except pika.exceptions.NackError:
        sys.exit(f"the queue of {routing_key} is full: try again later")
    print(f"job {job_id} published", file=sys.stderr)

    for _, properties, answer in channel.consume(reply_queue, inactivity_timeout=arguments.timeout, auto_ack=True):
        if properties is None:
            sys.exit(f"no answer within {arguments.timeout} s; poll GET /api/v1/jobs/{job_id}")
        if properties.correlation_id == correlation_id:
            break
    is_json = properties.content_type == "application/json"
    outcome = json.loads(answer) if is_json else msgpack.unpackb(answer)
    print(json.dumps({"correlation_id": properties.correlation_id, "answer": outcome}, ensure_ascii=False))
    connection.close()
    sys.exit(0 if outcome["state"] == "completed" else 1)


if __name__ == "__main__":
    main()
