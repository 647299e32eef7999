#include "prove/scene.hpp"

#include <iterator>

namespace proving {

const std::vector<scene>& scenes() {
    static const std::vector<scene> all = [] {
        std::vector<scene> found;
        for (auto* family : {&sending_scenes, &receiving_scenes, &birth_scenes, &ending_scenes, &pooling_scenes,
                             &sharing_scenes, &commanding_scenes, &naming_scenes, &logging_scenes, &telling_scenes}) {
            for (scene& one : family()) found.push_back(one);
        }
        return found;
    }();
    return all;
}

}  // namespace proving
