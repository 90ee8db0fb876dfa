"""moto with what its CloudFormation leaves out: names, updates and deletions, by the calls of its own backends.

As a program it serves them, `python -m tests.aws.moto_gaps`, in a process of its own: what moto holds is the process's.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import ec2_backends
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.vpcs import VPCEndPoint
from moto.iam.models import ManagedPolicy, Role, iam_backends
from moto.redshift.models import Cluster, ParameterGroup, SubnetGroup, redshift_backends
from moto.server import ThreadedMotoServer
from moto.utilities.utils import get_partition

from include.sandbox.state import LOOPBACK


def _attribute(cluster: Cluster, name: str) -> Any:
    """The address alone: moto gives a dictionary of address and port."""
    return {"Endpoint.Address": cluster.address, "Endpoint.Port": str(cluster.port)}[name]


def _update(
    cls: type[Cluster],
    original_resource: Cluster,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> Cluster:
    properties = cloudformation_json["Properties"]
    return redshift_backends[account_id][region_name].modify_cluster(
        cluster_identifier=original_resource.cluster_identifier,
        node_type=properties["NodeType"],
        cluster_type=properties["ClusterType"],
        number_of_nodes=int(properties.get("NumberOfNodes", 1)),
    )


def _delete_cluster(cluster: Cluster, account: str, region: str) -> None:
    redshift_backends[account][region].delete_cluster(
        cluster_identifier=cluster.cluster_identifier, skip_final_snapshot=True, final_cluster_snapshot_identifier=None
    )


def _delete_subnet_group(group: SubnetGroup, account: str, region: str) -> None:
    redshift_backends[account][region].delete_cluster_subnet_group(group.cluster_subnet_group_name)


def _delete_parameter_group(group: ParameterGroup, account: str, region: str) -> None:
    redshift_backends[account][region].delete_cluster_parameter_group(group.name)


def _delete_route_table(table: RouteTable, account: str, region: str) -> None:
    backend = ec2_backends[account][region]
    if any(table.id in (endpoint.route_table_ids or ()) for endpoint in backend.vpc_end_points.values()):
        raise DependencyViolationError(f"{table.id} is used by an endpoint.")  # moto goes on with others and comes back
    for association in list(table._associations):
        backend.disassociate_route_table(association)
    backend.delete_route_table(table.id)


def _delete_endpoint(endpoint: VPCEndPoint, account: str, region: str) -> None:
    """Removed at once: moto keeps those that it has deleted in its list, as AWS does for a while."""
    backend = ec2_backends[account][region]
    backend.delete_vpc_endpoints([endpoint.id])
    del backend.vpc_end_points[endpoint.id]


def _delete_policy(policy: ManagedPolicy, account: str, region: str) -> None:
    backend = iam_backends[account][get_partition(region)]
    for role in list(backend.roles.values()):
        if policy.arn in role.managed_policies:
            backend.detach_role_policy(policy.arn, role.name)
    backend.delete_policy(policy.arn)


def _put_policy(role: Role, name: str, document: Any) -> None:
    """A document is text, which a stack's role gets as a dictionary."""
    role.policies[name] = document if isinstance(document, str) else json.dumps(document)


def complete(patch: pytest.MonkeyPatch) -> None:
    """Put it into moto, in this process."""
    patch.setattr(Cluster, "get_cfn_attribute", _attribute)
    patch.setattr(Cluster, "update_from_cloudformation_json", classmethod(_update))
    for kind, name, delete in (
        (Cluster, lambda cluster: cluster.cluster_identifier, _delete_cluster),
        (ParameterGroup, lambda group: group.name, _delete_parameter_group),
    ):
        patch.setattr(kind, "physical_resource_id", property(name), raising=False)
        patch.setattr(kind, "delete", delete, raising=False)
    patch.setattr(Role, "put_policy", _put_policy)
    patch.setattr(ManagedPolicy, "delete", _delete_policy, raising=False)
    patch.setattr(RouteTable, "delete", _delete_route_table, raising=False)
    patch.setattr(VPCEndPoint, "delete", _delete_endpoint, raising=False)
    # Its model of a cluster asks the reference itself for the group's name, so that it must not be the name.
    patch.setattr(SubnetGroup, "delete", _delete_subnet_group, raising=False)


if __name__ == "__main__":
    complete(pytest.MonkeyPatch())
    served = ThreadedMotoServer(ip_address=LOOPBACK, port=0, verbose=False)
    served.start()
    print(served.get_host_and_port()[1], flush=True)
    sys.stdin.read()  # until the tests are done, or gone
