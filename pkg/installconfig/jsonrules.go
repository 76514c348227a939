package installconfig

import (
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// This file holds the rules between fields, as conditions of the JSON Schema.
// Each follows a check of validation; testdata/bad has a case for each.

// rules lists all conditions for the release.
func (s schema) rules() []any {
	all := slices.Concat(s.poolRules(), s.featureRules(), networkRules(), s.capabilityRules(), otherRules())
	for _, p := range platform.Table {
		all = append(all, when(at(object{"type": "object"}, "platform", p.Name), object{"allOf": s.platformRules(p)}))
	}
	return all
}

// at matches a config in which there is a value at path that matches. An element
// that ends in [] stands for any entry of the list.
func at(match object, path ...string) object {
	for _, name := range slices.Backward(path) {
		name, list := strings.CutSuffix(name, "[]")
		if list {
			match = object{"type": "array", "contains": match}
		}
		match = object{"type": "object", "required": []string{name}, "properties": object{name: match}}
	}
	return match
}

// below matches a config whose value at path, if there is one, matches; that of
// every entry for an element that ends in [].
func below(match object, path ...string) object {
	for _, name := range slices.Backward(path) {
		name, list := strings.CutSuffix(name, "[]")
		if list {
			match = object{"items": match}
		}
		match = object{"properties": object{name: match}}
	}
	return match
}

func when(is, then object) object { return object{"if": is, "then": then} }

func all(of ...any) object { return object{"allOf": of} }

func not(o object) object { return object{"not": o} }

func constant(value any) object { return object{"const": value} }

func words(list ...string) object { return object{"enum": list} }

// orNone is the words, or no value.
func orNone(list ...string) object {
	anything := make([]any, 0, len(list)+2)
	for _, w := range list {
		anything = append(anything, w)
	}
	return object{"enum": append(anything, "", nil)}
}

var (
	isObject = object{"type": "object"}
	isFilled = object{"type": "array", "minItems": 1}
	isV6     = object{"type": "string", "pattern": ":"}
	isV4     = object{"type": "string", "pattern": `^[^:]*$`}
)

// poolRules are about numbers of machines.
func (s schema) poolRules() []any {
	arbiter := at(isObject, "arbiter")
	fencing := []string{"controlPlane", "fencing", "credentials"}
	two := at(constant(2), "controlPlane", "replicas")
	rules := []any{
		when(all(two, not(arbiter)), at(object{"type": "array", "minItems": 2, "maxItems": 2}, fencing...)),
		when(at(isFilled, fencing...), all(two, not(arbiter))),
		when(arbiter, below(object{"type": "integer", "minimum": 2}, "controlPlane", "replicas")),
		when(at(isObject, "bootstrapInPlace"), all(at(constant(1), "controlPlane", "replicas"), not(arbiter))),
	}
	for _, pool := range []string{"controlPlane", "arbiter", "compute[]"} {
		for _, disk := range []struct{ field, kind string }{{"etcd", "etcd"}, {"swap", "swap"}, {"userDefined", "user-defined"}} {
			isKind := at(constant(disk.kind), "type")
			has := at(isObject, disk.field)
			rules = append(rules, below(all(when(isKind, has), when(has, isKind)), pool, "diskSetup[]"))
		}
	}
	node := at(object{"type": "string", "minLength": 1}, "hostName")
	if s.knows(release.FencingByMAC) {
		node = object{"anyOf": []any{node, at(object{"type": "string", "minLength": 1}, "macAddress")}}
	}
	return append(rules, below(node, "controlPlane", "fencing", "credentials[]"))
}

// featureRules are about feature sets and what they turn on.
func (s schema) featureRules() []any {
	rules := []any{when(at(isFilled, "featureGates"), at(constant(release.CustomSet), "featureSet"))}
	for _, f := range table() {
		support, row := s.release.Support(f.Feature, "")
		if f.Feature == "" || support != release.Gated {
			continue
		}
		path := strings.Split(f.Path, ".")
		if path[0] == "compute" {
			path[0] += "[]"
		}
		is := at(object{"type": []string{"object", "array"}}, path...)
		sets := []string{release.CustomSet}
		for _, set := range []string{release.TechPreview, release.DevPreview, release.OKDSet} {
			if s.release.TurnsOn(row.Gate, set) {
				sets = append(sets, set)
			}
		}
		rules = append(rules, when(is, at(words(sets...), "featureSet")))
	}
	key := []string{"pki", "signerCertificates", "key"}
	for _, k := range []struct{ algorithm, other string }{{"rsa", "ecdsa"}, {"ecdsa", "rsa"}} {
		is := at(constant(strings.ToUpper(k.algorithm)), "algorithm")
		rules = append(rules, below(when(is, all(at(isObject, k.algorithm), not(at(isObject, k.other)))), key...))
	}
	return rules
}

// networkRules are about address families and the sizes of networks.
func networkRules() []any {
	const n, services = "networking", "serviceNetwork"
	has := func(family object, path ...string) object { return at(family, append([]string{n}, path...)...) }
	old := object{"anyOf": []any{has(object{}, "serviceCIDR"), has(object{}, "clusterNetworks")}}
	pods := []string{n, "clusterNetwork[]", "cidr"}
	rules := []any{
		when(at(object{"type": "array", "minItems": 2}, n, services), all(has(isV4, services+"[]"), has(isV6, services+"[]"))),
		when(all(has(isV4, services+"[]"), has(isV6, services+"[]")), all(
			has(isV4, "clusterNetwork[]", "cidr"), has(isV6, "clusterNetwork[]", "cidr"),
			has(isV4, "machineNetwork[]", "cidr"), has(isV6, "machineNetwork[]", "cidr"))),
		when(all(not(old), not(has(isV6, services+"[]"))), not(at(isV6, pods...))),
		when(all(not(old), has(isV6, services+"[]"), not(has(isV4, services+"[]"))), at(isV6, pods...)),
	}
	isOVN := below(orNone(ovnKubernetes), n, "networkType")
	hostPrefix := "hostPrefix"
	sizes := []any{when(at(isV6, "cidr"), all(at(constant(64), hostPrefix)))}
	for bits := range longestHostPrefix + 1 {
		is := at(object{"type": "string", "pattern": `^[^:]*/` + strconv.Itoa(bits) + `$`}, "cidr")
		sizes = append(sizes, when(is, below(object{"minimum": bits, "maximum": longestHostPrefix}, hostPrefix)))
	}
	given := object{"anyOf": []any{at(object{"type": "integer"}, hostPrefix), at(object{"type": "integer"}, "hostSubnetLength")}}
	rules = append(rules,
		when(isOVN, below(all(append(sizes, given)...), n, "clusterNetwork[]")),
		when(not(isOVN), not(has(isObject, "ovnKubernetesConfig"))))
	return rules
}

// capabilityRules are about components that a cluster cannot do without.
func (s schema) capabilityRules() []any {
	return []any{has("Ingress"), when(has("marketplace"), has("OperatorLifecycleManager"))}
}

const baseline, additional = "baselineCapabilitySet", "additionalEnabledCapabilities"

// has matches a config with a capability, in the set or beside it; one without
// the block has all.
func has(capability string) object {
	var sets []string
	for _, set := range capabilitySets {
		if slices.Contains(capabilitiesOf(set.name), capability) {
			sets = append(sets, set.name)
		}
	}
	return object{"anyOf": []any{
		not(at(isObject, "capabilities")),
		at(words(sets...), "capabilities", baseline),
		at(constant(capability), "capabilities", additional+"[]"),
	}}
}

// otherRules are about fields that exclude or need each other.
func otherRules() []any {
	text := object{"type": "string", "minLength": 1}
	return []any{
		not(all(at(isFilled, "imageContentSources"), at(isFilled, "imageDigestSources"))),
		when(at(isObject, "operatorPublishingStrategy"), at(constant("Mixed"), "publish")),
		when(at(isObject, "proxy"), object{"anyOf": []any{at(text, "proxy", "httpProxy"), at(text, "proxy", "httpsProxy")}}),
		below(when(at(text, "sourcePolicy"), at(isFilled, "mirrors")), "imageDigestSources[]"),
	}
}

// platformRules are what a row of the platforms' table requires of the rest.
func (s schema) platformRules(p platform.Spec) []any {
	rules := []any{
		below(orNone(append([]string{"External"}, p.Publish...)...), "publish"),
		below(orNone(p.CredentialsModes...), "credentialsMode"),
	}
	single := at(constant(1), "controlPlane", "replicas")
	if !p.SingleNode {
		rules = append(rules, not(single))
	}
	for _, f := range table() {
		if path := strings.Split(f.Path, "."); len(path) == 1 && s.knows(f.Feature) && !s.takes(f.Feature, p.Name) {
			rules = append(rules, not(at(isObject, path...)))
		}
	}
	if p.DualStack == platform.NoDualStack {
		rules = append(rules, below(object{"maxItems": 1}, "networking", "serviceNetwork"))
	}
	if p.Capabilities != nil {
		for _, name := range p.Capabilities(p.New()) {
			rules = append(rules, has(name))
		}
	}
	for _, pool := range []string{"controlPlane", "arbiter", "compute[]"} {
		rules = append(rules, below(object{"propertyNames": constant(p.Name)}, pool, "platform"))
	}
	if p.MixedArchitectures {
		return rules
	}
	mine := []string{"controlPlane", "architecture"}
	for _, arch := range architectures {
		if arch == defaultArchitecture {
			rules = append(rules, when(below(orNone(arch), mine...), below(orNone(arch), "compute[]", "architecture")))
			continue
		}
		rules = append(rules,
			when(at(constant(arch), mine...), at(object{"type": "array", "minItems": 1, "items": at(constant(arch), "architecture")}, "compute")))
	}
	return rules
}
