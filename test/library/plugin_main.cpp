// plugin_main.cpp - loads a plugin, runs it on a pool of this program, unloads it, and again, while the pool lives and serves another library.
#include "cnn.hpp"
#include "ingot/pool.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <vector>

static bool mapped(const char *path) {
  char line[1024];
  bool found = false;
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps))
    found |= strstr(line, path) != nullptr;
  if (maps)
    fclose(maps);
  return found;
}

static int fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  return 1;
}

int main(int, char **argv) {
  constexpr int64_t batch = 5;
  std::vector<float> x(batch * 3 * 17 * 23), own(batch * 7), theirs(batch * 7);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(int(i * 7919 % 201) - 100) / 50;
  ingot::pool pool(3);
  cnn::model model;
  cnn::context context;
  cnn::outputs outputs = {ingot::span(own)};
  if (!model.open().ok() || !context.init(model, {batch}, pool.executor()).ok())
    return fail("the program's own copy does not open");
  for (int round = 0; round < 5; ++round) {
    for (const char *path : {argv[1], argv[2]}) {
      void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
      if (!plugin)
        return fail(dlerror());
      auto run = reinterpret_cast<int (*)(const ingot_executor *, int64_t, const float *, float *)>(dlsym(plugin, "plugin_run"));
      theirs.assign(theirs.size(), -1);
      if (!run || run(pool.executor(), batch, x.data(), theirs.data()) != INGOT_OK)
        return fail("the plugin does not run");
      if (dlclose(plugin) || mapped(path))
        return fail("the plugin stays in memory");
      if (!context.run({batch}, {ingot::view(x)}, outputs).ok() || own != theirs)
        return fail("the plugin gives another result than the program");
    }
  }
  return 0;
}
