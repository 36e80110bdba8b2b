"""What a firewall on a host should let in, as a suggestion for nftables. Pure."""

from ops.clusters import hosted
from ops.clusters.description import Cluster, Host

TEXT = """\
#!/usr/sbin/nft -f
# A suggestion, which nothing loads by itself: read it, add how you reach this host yourself, then
#   nft -c -f {path} && nft -f {path}
# Only the edge is for everybody. All else is between the hosts of the appliance; each of them shows a certificate.
table inet darkroom
delete table inet darkroom
table inet darkroom {{
	set hosts {{
		type ipv4_addr
		elements = {{ {hosts} }}
	}}
	chain input {{
		type filter hook input priority filter; policy accept;
		iif lo accept
		ct state established,related accept
{rules}
	}}
}}
"""


def text(cluster: Cluster, host: Host) -> str:
    """The rules for `host`: its ports, and who may come there. Other ports are left as they are."""
    rules = []
    for name, port in sorted(hosted.listeners(cluster, host).items(), key=lambda one: one[1]):
        public = name in ("edge", "s3")
        who = "" if public else " ip saddr != @hosts"
        verdict = "accept" if public else "drop"
        rules.append(f'\t\t{who.strip()} tcp dport {port} {verdict} comment "{name}"'.replace("\t\t ", "\t\t"))
    hosts = ", ".join(one.address for one in cluster.hosts)
    return TEXT.format(path="/etc/darkroom/firewall.nft", hosts=hosts, rules="\n".join(rules))
