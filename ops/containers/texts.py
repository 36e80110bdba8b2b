"""The pieces of the compose file. Every line that is not plain says why it is there."""

HEAD = """\
# Written by ./ops/cluster render, for containers in place of hosts. Change the inventory and render again; what is of
# your own belongs into compose.override.yaml.
name: darkroom

# A service named like a host holds its network; HOST-PART is a part of it, run by the very command of its unit.
x-part: &part
  # Built by `docker compose build ops`, and never taken from a registry in its stead.
  image: ${DARKROOM_IMAGE:-darkroom}
  pull_policy: never
  user: darkroom:darkroom
  # The first process of a container has to bury what others leave behind, which parts are not made for.
  init: true
  # Walls. It writes into its volumes and into memory alone, and has no right of root's.
  read_only: true
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  ulimits: {nofile: 65536}
  # Without these sizes a log would grow until the disk is full.
  logging: {driver: local, options: {max-size: 8m, max-file: "3"}}

services:
"""

HOLDER = """
  # ── the host {host}
  {host}:
    <<: *part
    command: [sleep, infinity]
    restart: always
    deploy: {{resources: {{limits: {{memory: 16m, pids: 8}}}}}}
    networks:
{networks}{ports}"""

SERVICE = """
  {host}-{part}:
    <<: *part
    network_mode: service:{host}
    entrypoint: {entry}
    command: {command}
    depends_on:
      {host}: {{condition: service_started}}
{after}    stop_signal: {signal}
    stop_grace_period: {grace}
    restart: {restart}
{limits}"""

FOLDERS = """\
      # Of this machine, where the variable says in .env; made beside this file where nothing does.
"""

OPERATOR = """
  # Verbs: docker compose run --rm ops apikey create NAME
  ops:
    <<: *part
    build:
      context: .
      dockerfile: ops/containers/Dockerfile
      args:
        SILO_IMAGE: ${{SILO_IMAGE:?name the image of Silo that storage is taken from, with its tag or digest}}
        DEBIAN_IMAGE: ${{DEBIAN_IMAGE:?name the image of Debian 12 to build on, with its tag or digest}}
    profiles: [ops]
    network_mode: service:{host}
    entrypoint: {entry}
    depends_on:
      {host}: {{condition: service_started}}
"""

END = """
networks:
  # Between the hosts: no way in from outside, and none out.
  hosts:
    internal: true
    ipam: {{config: [{{subnet: {network}}}]}}
  outside: {{}}

volumes:
{volumes}
# As rendered: 0600, of the account that the containers run as.
secrets:
{secrets}
configs:
{configs}"""
