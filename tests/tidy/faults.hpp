// SPDX-License-Identifier: BSD-3-Clause
#pragma once

struct Open {  // cppcoreguidelines-virtual-class-destructor
  virtual void use() = 0;
};
