// SPDX-License-Identifier: GPL-2.0-only
#include "btf.hpp"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hugemem
{
namespace
{

std::optional<std::uint32_t> find_member(const btf *b, const btf_type *type,
					 const std::string &member, std::uint32_t base)
{
	const btf_member *m = btf_members(type);
	for (std::uint16_t i = 0; i < btf_vlen(type); i++, m++) {
		const std::uint32_t at = base + btf_member_bit_offset(type, i) / 8;
		const char *name = btf__name_by_offset(b, m->name_off);
		if (name && *name) {
			if (member == name)
				return at;
			continue;
		}
		const btf_type *inner = btf__type_by_id(
			b, static_cast<std::uint32_t>(btf__resolve_type(b, m->type)));
		if (!inner || !btf_is_composite(inner))
			continue;
		if (const auto found = find_member(b, inner, member, at))
			return found;
	}
	return std::nullopt;
}

} // namespace

void KernelBtf::Free::operator()(btf *b) const
{
	btf__free(b);
}

Result<KernelBtf> KernelBtf::load()
{
	btf *b = btf__load_vmlinux_btf();
	if (!b)
		return fail(Exit::environment, "BTF of the running kernel", std::strerror(errno),
			    "the kernel needs CONFIG_DEBUG_INFO_BTF=y and /sys mounted");
	return KernelBtf(b);
}

std::optional<Prototype> KernelBtf::function(const std::string &name) const
{
	const int id = btf__find_by_name_kind(btf_.get(), name.c_str(), BTF_KIND_FUNC);
	if (id < 0)
		return std::nullopt;
	const btf_type *func = btf__type_by_id(btf_.get(), static_cast<std::uint32_t>(id));
	const btf_type *proto = btf__type_by_id(btf_.get(), func->type);
	if (!proto || !btf_is_func_proto(proto))
		return std::nullopt;

	Prototype p;
	p.args = btf_vlen(proto);
	p.returns = proto->type != 0;
	if (p.returns) {
		const auto size = btf__resolve_size(btf_.get(), proto->type);
		if (size == 1 || size == 2 || size == 4)
			p.ret_bytes = static_cast<unsigned>(size);
	}
	return p;
}

bool KernelBtf::has_struct(const std::string &name) const
{
	return btf__find_by_name_kind(btf_.get(), name.c_str(), BTF_KIND_STRUCT) > 0;
}

std::optional<std::uint32_t> KernelBtf::struct_size(const std::string &name) const
{
	const int id = btf__find_by_name_kind(btf_.get(), name.c_str(), BTF_KIND_STRUCT);
	if (id < 0)
		return std::nullopt;
	return btf__type_by_id(btf_.get(), static_cast<std::uint32_t>(id))->size;
}

std::optional<std::uint32_t> KernelBtf::member_offset(const std::string &type,
						      const std::string &member) const
{
	const int id = btf__find_by_name_kind(btf_.get(), type.c_str(), BTF_KIND_STRUCT);
	if (id < 0)
		return std::nullopt;
	return find_member(btf_.get(), btf__type_by_id(btf_.get(), static_cast<std::uint32_t>(id)),
			   member, 0);
}

} // namespace hugemem
