# shellcheck shell=bash
# shellcheck disable=SC2154 # OC and until_done are those of bootstrap-in-place-post-reboot.sh, which sources this file
# How a single node goes over from the static pods of its bootstrap to those of the cluster.
#
#   node_is_ready, cluster_is_available   questions; on the way they approve and tell what is missing
#   hand_over_api_server                  returns when the operator's API server has replaced the bootstrap's
#   clean_up                              removes what was only needed until here

# The node asks for its certificates, and no one else is there to approve them.
node_is_ready() {
    local pending ready
    pending=$("${OC[@]}" get csr --output='go-template={{range .items}}{{if not .status.certificate}}{{.metadata.name}} {{end}}{{end}}') || return
    if [[ -n ${pending} ]]; then
        echo "approving the certificate requests ${pending}"
        # shellcheck disable=SC2086 # names of requests have no spaces
        "${OC[@]}" adm certificate approve ${pending} || return
    fi
    ready=$("${OC[@]}" get nodes --selector=node-role.kubernetes.io/master \
        --output='jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}') || return
    [[ ${ready} == True ]]
}

operator_is_ready() {
    local ready
    ready=$("${OC[@]}" get pods --namespace=openshift-kube-apiserver-operator --selector=app=kube-apiserver-operator \
        --output='jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}') || return
    [[ ${ready} == True ]]
}

# The operator writes its own pod over the one of the bootstrap, which has another name.
bootstrap_api_server_is_gone() {
    local pod=/etc/kubernetes/manifests/kube-apiserver-pod.yaml
    [[ -s ${pod} ]] && ! grep --quiet bootstrap-kube-apiserver "${pod}"
}

restart_kubelet() {
    systemctl daemon-reload
    systemctl restart kubelet.service
}

# The kubelet is restarted before and after: it loses sight of a static pod whose file
# changes while the API server that it reports to is itself that pod.
hand_over_api_server() {
    until_done 10 'the operator of the API server to be Ready' operator_is_ready
    restart_kubelet
    until_done 10 'the API server of the bootstrap to be replaced' bootstrap_api_server_is_gone
    restart_kubelet
}

cluster_is_available() {
    local available missing
    available=$("${OC[@]}" get clusterversion version \
        --output='jsonpath={.status.conditions[?(@.type=="Available")].status}') || return
    if [[ ${available} == True ]]; then
        return 0
    fi
    # shellcheck disable=SC2016 # the variables are the template's
    missing=$("${OC[@]}" get clusteroperators \
        --output='go-template={{range .items}}{{$name := .metadata.name}}{{$ok := false}}{{range .status.conditions}}{{if and (eq .type "Available") (eq .status "True")}}{{$ok = true}}{{end}}{{end}}{{if not $ok}}{{$name}} {{end}}{{end}}') || return
    echo "operators that are not available yet: ${missing:-none}"
    return 1
}

# bootkube.service is disabled last: a run that is killed in between begins again.
clean_up() {
    systemctl disable bootkube.service
    rm --recursive --force /etc/kubernetes/bootstrap-configs /etc/kubernetes/bootstrap-manifests \
        /var/log/log-bundle-bootstrap.tar.gz /opt/openshift /usr/local/lib/okd-install
    rm --force /usr/local/bin/{installer-gather,installer-masters-gather,bootstrap-cluster-gather,redact-secrets}.sh
    # with the kubeconfig in it goes what makes the unit run again
    rm --recursive --force /etc/kubernetes/bootstrap-secrets
}
