// SPDX-License-Identifier: GPL-2.0-only
/// What the running kernel's BTF says: prototypes and struct members.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "error.hpp"

struct btf;

namespace hugemem
{

/// Shape of a function as far as a probe needs it.
struct Prototype {
	unsigned args = 0;      ///< number of arguments
	bool returns = false;   ///< false: void
	unsigned ret_bytes = 8; ///< width of the return value: 1, 2, 4 or 8
};

class KernelBtf
{
public:
	/// Loads /sys/kernel/btf/vmlinux. Errors: environment.
	static Result<KernelBtf> load();

	[[nodiscard]] std::optional<Prototype> function(const std::string &name) const;
	[[nodiscard]] bool has_struct(const std::string &name) const;
	[[nodiscard]] std::optional<std::uint32_t> struct_size(const std::string &name) const;
	/// Byte offset of a member; looks into anonymous structs and unions.
	[[nodiscard]] std::optional<std::uint32_t> member_offset(const std::string &type,
								 const std::string &member) const;

	/// Whether fexit is safe around functions that sleep: the kernel keeps a
	/// trampoline's image alive until the last call has left it (since 5.12 and
	/// in 5.10.y), which struct bpf_tramp_image gives away.
	[[nodiscard]] bool fexit_survives_sleep() const { return has_struct("bpf_tramp_image"); }

private:
	struct Free {
		void operator()(btf *b) const;
	};
	explicit KernelBtf(btf *b) : btf_(b) {}
	std::unique_ptr<btf, Free> btf_;
};

} // namespace hugemem
