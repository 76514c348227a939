# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the arrays are read by the stages, the versions set by versions.sh
# What differs between the releases that run here, 4.16 to 5.0: one row per
# difference. An operator refuses a flag that it does not know, and some flags
# became mandatory, so every row is true of the payload, not of okd-install.
# Source this file after versions.sh, which says what since and upto do.

release_table() {
    # Flags of the renderers
    CVO_FLAGS=()
    since 4.17 CVO_FLAGS --feature-gate-manifest-path=/assets/manifests/99_feature-gate.yaml
    since 4.22 CVO_FLAGS --cluster-version-manifest-path=/assets/manifests/cvo-overrides.yaml
    KAS_FLAGS=()
    since 4.18 KAS_FLAGS --operand-kubernetes-version="${KUBERNETES_VERSION}"
    # Builds of one line differ here, so the operator is asked whether it knows them.
    ETCD_FLAGS_IF_KNOWN=()
    since 4.22 ETCD_FLAGS_IF_KNOWN --rendered-manifest-files=/assets/manifests --payload-version="${VERSION}"

    # Stages that not every release has
    STAGES_IN_RELEASE=()
    since 4.19 STAGES_IN_RELEASE auth-api-bootstrap

    # What the machine-config operator leaves, and the machine-config controller reads
    STATIC_POD_PLATFORMS=(baremetal openstack ovirt vsphere nutanix gcp)
    since 4.19 STATIC_POD_PLATFORMS aws
    since 4.21 STATIC_POD_PLATFORMS azure
    MCC_INPUT=()
    since 4.21 MCC_INPUT image-references

    # How the API is asked whether it is there, and what proves that it is highly available
    API_PATH=()
    upto 4.16 API_PATH /version
    since 4.17 API_PATH /readyz
    HA_EVIDENCE=()
    upto 4.17 HA_EVIDENCE endpoints
    since 4.18 HA_EVIDENCE kubeapiservers

    # Node images of CentOS Stream 10 need a CPU of 2013 or later
    CPU_LEVEL=()
    since 4.20 CPU_LEVEL x86-64-v3
}
