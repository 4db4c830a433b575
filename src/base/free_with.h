// FreeWith: a C library's own function as the deleter of a std::unique_ptr.
#pragma once

namespace aileron {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

}  // namespace aileron
