// SPDX-License-Identifier: GPL-2.0-only
#include "initramfs.hpp"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "files.hpp"
#include "newc.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

bool elf_is_dynamic(const std::string &bytes)
{
	Elf64_Ehdr header{};
	if (bytes.size() < sizeof(header))
		return false;
	std::memcpy(&header, bytes.data(), sizeof(header));
	if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	for (unsigned i = 0; i < header.e_phnum; ++i) {
		Elf64_Phdr segment{};
		const size_t at = header.e_phoff + static_cast<size_t>(i) * header.e_phentsize;
		if (at + sizeof(segment) > bytes.size())
			return false;
		std::memcpy(&segment, bytes.data() + at, sizeof(segment));
		if (segment.p_type == PT_INTERP)
			return true;
	}
	return false;
}

Status add_file(NewcWriter &cpio, const std::string &to, const fs::path &from)
{
	const auto bytes = read_file(from);
	if (!bytes)
		return tl::unexpected(bytes.error());
	if (elf_is_dynamic(*bytes))
		return fail(Exit::environment,
			    fmt::format("{}: dynamically linked, the guest has no shared libraries",
					from.string()),
			    "link it with -static");
	struct stat st {
	};
	if (::stat(from.c_str(), &st) != 0)
		return fail_errno(from.string());
	return cpio.file(to, *bytes, st.st_mode & 0111 ? 0755 : 0644);
}

Status add_tree(NewcWriter &cpio, const std::string &to, const fs::path &from)
{
	if (!fs::is_directory(from))
		return add_file(cpio, to, from);
	if (auto st = cpio.dir(to); !st)
		return st;
	std::vector<fs::path> children;
	std::error_code ec;
	for (const auto &entry : fs::directory_iterator(from, ec))
		children.push_back(entry.path());
	if (ec)
		return fail_errno(from.string(), ec.value());
	std::sort(children.begin(), children.end()); // equal input, equal archive
	for (const fs::path &child : children) {
		if (auto st = add_tree(cpio, to + "/" + child.filename().string(), child); !st)
			return st;
	}
	return {};
}

Result<fs::path> find_busybox()
{
	if (const char *named = std::getenv("BUSYBOX"); named && *named)
		return fs::path(named);
	return find_program("busybox", "busybox-static");
}

} // namespace

Result<bool> is_dynamic(const fs::path &path)
{
	const auto bytes = read_file(path);
	if (!bytes)
		return tl::unexpected(bytes.error());
	return elf_is_dynamic(*bytes);
}

Result<std::string> make_initramfs(const InitramfsSpec &spec)
{
	const auto busybox = find_busybox();
	if (!busybox)
		return tl::unexpected(busybox.error());
	if (const auto dynamic = is_dynamic(*busybox); !dynamic)
		return tl::unexpected(dynamic.error());
	else if (*dynamic)
		return fail(
			Exit::environment,
			fmt::format("{} is dynamically linked, the guest has no shared libraries",
				    busybox->string()),
			"apt-get install busybox-static");

	NewcWriter cpio;
	Status st = {};
	const auto then = [&st](auto &&step) {
		if (st)
			st = step();
	};
	for (const char *dir : {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/proc", "/sys", "/dev",
				"/tmp", "/etc", "/root", "/hm"})
		then([&] { return cpio.dir(dir); });
	// Before devtmpfs is mounted init needs a console.
	then([&] { return cpio.char_device("/dev/console", 5, 1); });
	then([&] { return add_file(cpio, "/bin/busybox", *busybox); });
	then([&] { return cpio.symlink("/bin/sh", "busybox"); });
	for (const char *name : {"init", "lib.sh"})
		then([&, name] {
			const std::string to = std::string(name) == "init" ? "/init" : "/hm/lib.sh";
			const auto bytes = read_file(spec.guest_dir / name);
			if (!bytes)
				return Status(tl::unexpected(bytes.error()));
			return cpio.file(to, *bytes, 0755);
		});
	if (!spec.script.empty())
		then([&] { return add_file(cpio, "/hm/script", spec.script); });
	then([&] { return cpio.file("/hm/args", spec.arguments); });
	for (const auto &entry : spec.entries)
		then([&] { return add_tree(cpio, entry.to, entry.from); });
	if (!st)
		return tl::unexpected(st.error());
	return cpio.finish();
}

} // namespace hm::vm
